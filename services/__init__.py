"""The services, by their names; each is a folder here."""

SERVICES = ("scheduler", "fetcher", "weather", "publisher", "web")
