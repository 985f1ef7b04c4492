"""Queues: the port, its two engines, and the topics there are. Engines are imported where they are wired."""
