"""Measurements: `make bench` runs all of them, `make bench B=feeds` one. See bench/README.md."""
