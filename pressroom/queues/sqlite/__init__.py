"""The embedded queue: one sqlite file for all processes of one machine."""
