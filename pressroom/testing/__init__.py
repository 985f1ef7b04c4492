"""Real servers for tests, out of containers; docs/integration-tests.md shows their use.

`broker()`, `cluster()` and `store()` are context managers over a server of one's own; the fixtures of
`pressroom.testing.plugin` share one broker and one store among all tests of a run.
"""

from pressroom.testing.cluster import Cluster, cluster
from pressroom.testing.engine import Missing
from pressroom.testing.rabbit import Broker, broker
from pressroom.testing.server import NotReady
from pressroom.testing.store import Store, store

__all__ = ["Broker", "Cluster", "Missing", "NotReady", "Store", "broker", "cluster", "store"]
