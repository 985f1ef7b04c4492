"""amqps:// on a real broker that asks for certificates: it works with the right ones, all else is one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
import trustme

from pressroom.outcomes import BackendUnavailable
from pressroom.queues.port import Parcel, QueueMisconfigured
from pressroom.queues.rabbitmq.admin import Broker as Wanted
from pressroom.queues.rabbitmq.admin import check
from pressroom.testing import Broker
from pressroom.testing.rabbit import recipe
from tests.contracts.queue_tools import Box
from tests.contracts.rabbitmq_tools import TOPIC, alone, opened, settle

pytestmark = [pytest.mark.containers, pytest.mark.xdist_group("rabbitmq-tls")]
AMQPS_PORT = 5671
FOLDER = "/etc/rabbitmq/tls"
CONF = f"""\
listeners.ssl.default = {AMQPS_PORT}
ssl_options.cacertfile = {FOLDER}/ca.pem
ssl_options.certfile = {FOLDER}/broker.pem
ssl_options.keyfile = {FOLDER}/broker.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
"""


@dataclass(frozen=True)
class Papers:
    """A broker that asks for certificates, and files: `ca` signed its own and `ours`; of `other` it knows nothing."""

    broker: Broker
    folder: Path

    def url(self, *, scheme: str = "amqps", port: int = AMQPS_PORT, **given: str) -> str:
        host, published = self.broker.address(port)
        files = {
            name: value if name == "server_name_indication" else str(self.folder / value)
            for name, value in given.items()
        }
        return f"{scheme}://guest:guest@{host}:{published}/?{urlencode(files)}".removesuffix("?")


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Papers]:
    folder = tmp_path_factory.mktemp("tls")
    ca, other = trustme.CA(), trustme.CA()
    issued = {
        "broker": ca.issue_cert("broker.example"),
        "ours": ca.issue_cert("newsroom.example"),
        "theirs": other.issue_cert("newsroom.example"),
    }
    for name, authority in (("ca", ca), ("other", other)):
        authority.cert_pem.write_to_path(str(folder / f"{name}.pem"))
    for name, cert in issued.items():
        cert.private_key_pem.write_to_path(str(folder / f"{name}.key"))
        (folder / f"{name}.pem").write_bytes(b"".join(pem.bytes() for pem in cert.cert_chain_pems))
    plain = recipe("broker-tls", conf=CONF)
    files = {f"{FOLDER}/{name}": (folder / name).read_text() for name in ("ca.pem", "broker.pem", "broker.key")}
    asks = replace(plain, ports=(*plain.ports, AMQPS_PORT), files={**plain.files, **files})
    with alone(lambda: Broker.alone(asks)) as broker:
        yield Papers(broker, folder)


GOOD = {
    "cacertfile": "ca.pem",
    "certfile": "ours.pem",
    "keyfile": "ours.key",
    "server_name_indication": "broker.example",
}


def test_with_the_right_certificates_messages_go_both_ways_and_the_topology_is_seen(papers: Papers) -> None:
    url = papers.url(**GOOD)
    with opened(url) as queue:
        box = Box()
        queue.subscribe(TOPIC, box, credit=4)
        queue.publish([Parcel(TOPIC, "a", b"x" * 100_000)])
        assert settle(queue, box.one())
        assert queue.depth(TOPIC).total == 0
    assert check(Wanted(url, 2)).differences


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({**GOOD, "cacertfile": "other.pem"}, "of a CA that is not trusted here; name its file with cacertfile="),
        (
            {"server_name_indication": "broker.example"},
            "of a CA that is not trusted here; name its file with cacertfile=",
        ),
        ({"cacertfile": "ca.pem"}, "the broker's certificate is not for 127.0.0.1; use the name that it was made for"),
        (
            {"cacertfile": "ca.pem", "server_name_indication": "broker.example"},
            "the broker asks for a certificate; name ours with certfile= and keyfile=",
        ),
        (
            {**GOOD, "certfile": "theirs.pem", "keyfile": "theirs.key"},
            "the broker does not trust the CA of the certificate in certfile=",
        ),
        ({**GOOD, "cacertfile": "nowhere.pem"}, "nowhere.pem cannot be used (No such file or directory)"),
        ({**GOOD, "keyfile": "theirs.key"}, "ours.pem, keyfile "),
        ({**GOOD, "port": 5672}, "no TLS is spoken at that port"),
    ],
    ids=[
        "wrong CA",
        "no CA",
        "wrong name",
        "no certificate",
        "unknown CA of ours",
        "no file",
        "wrong key",
        "plain",
    ],
)
def test_what_is_wrong_with_certificates_is_one_line_that_says_what_to_do(
    papers: Papers, given: dict[str, str], words: str
) -> None:
    url = papers.url(**given)
    with opened(url) as queue, pytest.raises(QueueMisconfigured) as refused:
        queue.publish([Parcel(TOPIC, "a", b"x")])
    with pytest.raises(QueueMisconfigured) as checked:
        check(Wanted(url, 2))
    for error in (refused.value, checked.value):
        assert words in str(error)
        assert "PRESSROOM_QUEUE_URL" in str(error)
        assert "\n" not in str(error)


def test_a_plain_address_of_a_tls_port_is_told_as_what_it_may_be(papers: Papers) -> None:
    # A broker that is only starting looks the same, so this is waited for.
    with opened(papers.url(scheme="amqp")) as queue, pytest.raises(BackendUnavailable) as lost:
        queue.publish([Parcel(TOPIC, "a", b"x")])
    assert "no AMQP is spoken at that port, or not yet; with TLS it is amqps://" in str(lost.value)
    assert not isinstance(lost.value, QueueMisconfigured)
