"""A small outside world on loopback: sample papers that publish, err and pause like real ones, and a weather answer."""
