"""Real servers and whole newsrooms for tests; docs/integration-tests.md shows their use.

`broker()`, `cluster()` and `store()` are context managers over a server of one's own; the fixtures of
`pressroom.testing.plugin` share one broker and one store among all tests of a run. `newsroom()` starts the services
as processes, `served()` gives them something to fetch.
"""

from pressroom.testing.cluster import Cluster, cluster
from pressroom.testing.engine import Missing
from pressroom.testing.newsroom import Fleet, newsroom
from pressroom.testing.process import Process
from pressroom.testing.rabbit import Broker, broker
from pressroom.testing.served import served
from pressroom.testing.server import NotReady
from pressroom.testing.store import Store, store

__all__ = [
    "Broker",
    "Cluster",
    "Fleet",
    "Missing",
    "NotReady",
    "Process",
    "Store",
    "broker",
    "cluster",
    "newsroom",
    "served",
    "store",
]
