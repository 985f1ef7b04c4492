"""The consumer loop that all services and all engines share: see `loop`."""
