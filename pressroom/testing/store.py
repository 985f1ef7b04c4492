"""SeaweedFS in a container, as an S3 store for tests."""

from __future__ import annotations

import contextlib
import http.client
import secrets
from collections.abc import Iterator
from http import HTTPStatus

from pressroom.testing.images import STORE
from pressroom.testing.server import Recipe, Server

S3_PORT = 8333
BUCKET = "pressroom"
# One process with all its parts; what the tests do not need is off, and so is its telemetry.
_COMMAND = (
    "-logtostderr=true",
    "mini",
    "-dir=/data",
    "-ip=127.0.0.1",
    "-ip.bind=0.0.0.0",
    "-master.telemetry=false",
    "-webdav=false",
    "-admin.ui=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    f"-bucket={BUCKET}",
)


class Store(Server):
    """One SeaweedFS with an empty bucket that anybody may write: any access key and secret will do."""

    def is_ready(self) -> bool:
        # The bucket is made last, after every part has found the others.
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self._ask("HEAD", BUCKET) == HTTPStatus.OK
        return False

    @contextlib.contextmanager
    def bucket(self) -> Iterator[str]:
        """A fresh bucket, as an s3 URL; gone afterwards with all that it held."""
        name = f"test-{secrets.token_hex(4)}"
        if self._ask("PUT", name) != HTTPStatus.OK:
            raise RuntimeError(f"{self.name} makes no bucket\n{self.log_tail()}")
        try:
            yield self.s3_url(name)
        finally:
            self._ask("DELETE", name)

    def _ask(self, method: str, bucket: str) -> int:
        link = http.client.HTTPConnection(*self.address(S3_PORT), timeout=10)
        with contextlib.closing(link):
            link.request(method, f"/{bucket}")
            return link.getresponse().status

    @property
    def endpoint(self) -> str:
        host, port = self.address(S3_PORT)
        return f"http://{host}:{port}"

    def s3_url(self, bucket: str = BUCKET) -> str:
        """As PRESSROOM_OBJECTS_URL takes it."""
        return f"s3://{bucket}?endpoint={self.endpoint}"


def recipe(kind: str) -> Recipe:
    return Recipe(kind=kind, image=STORE, ports=(S3_PORT,), command=_COMMAND)


@contextlib.contextmanager
def store() -> Iterator[Store]:
    """A store of one's own, to be mistreated, e.g. killed and restarted; removed afterwards."""
    with Store.alone(recipe("store-alone")) as server:
        yield server


def shared_store() -> Store:
    """The store that all tests of a run share."""
    return Store.shared(recipe("store"))
