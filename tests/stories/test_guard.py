"""Nothing but public addresses is connected to: in every spelling, behind every name, on every hop."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from pressroom.clock import SystemClock
from pressroom.http.answer import FetchError, Limits
from pressroom.http.guard import Guard, refused_because
from pressroom.http.resolve import LOOKUPS_MAX, PATIENCE_S, SILENT_LOOKUPS, SystemResolver
from pressroom.http.urls import normalise_url, parse_url
from schemas.errors import ErrorKind
from tests.fakes.faultserver import Answer, FaultServer, redirect
from tests.fakes.http_names import NameMap, a_client

FEED = b"<rss version='2.0'><channel><title>Tide tables</title></channel></rss>"


def kind_of(url: str, guard: Guard | None = None) -> ErrorKind | None:
    """What is said of an address before any look-up or connection; None when it may pass."""
    try:
        (guard or Guard()).check_url(parse_url(url))
    except FetchError as error:
        return error.kind
    return None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.31.255.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "192.0.0.8",
        "192.0.2.5",
        "192.88.99.1",
        "198.19.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.251",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::7f00:1]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b:1::a00:1]",
        "[2001::1]",
        "[2001:db8::1]",
        "[2002:7f00:1::]",
        "[3fff::1]",
        "[4000::1]",
        "[5f00::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[fe80::1]",
        "[fec0::1]",
        "[ff02::fb]",
    ],
)
def test_an_address_that_is_not_public_is_refused(host: str) -> None:
    assert kind_of(f"http://{host}/feed.xml") is ErrorKind.BLOCKED_ADDRESS


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        "1.2.3.4.5",
        "256.256.256.256",
        "0",
        "0x",
        "134744072",
        "[fe80::1%25eth0]",
        "[::1%lo]",
    ],
)
def test_an_address_in_disguise_is_refused_wherever_it_leads(host: str) -> None:
    everything = Guard(allowed=("0.0.0.0/0", "::/0"))
    assert kind_of(f"http://{host}/", everything) is ErrorKind.BLOCKED_ADDRESS


@pytest.mark.parametrize("host", ["①②⑦.⓪.⓪.①", "127。0。0。1", "１２７.0.0.1", "[0:0:0:0:0:ffff:7f00:0001]"])
def test_letters_that_are_mapped_to_an_address_are_that_address(host: str) -> None:
    assert kind_of(f"http://{host}/") is ErrorKind.BLOCKED_ADDRESS


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://news.example/feed.xml",
        "gopher://news.example/",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "//news.example/feed.xml",
        "news.example/feed.xml",
        "http:///feed.xml",
        "http://",
        "http:news.example/",
        "http://%6c%6fcalhost/",
        "http://news..example/",
        "http://-news.example/",
        "http://new s.example/",
        "http://news.example:0/",
        "http://news.example:65536/",
        "http://news.example:8o/",
        "http://news.example:٨٠/",
        "http://[::1/",
        "http://[not:an:address]/",
        "http://news.example/\ud800",
        "http://user@news.example/feed.xml",
        "http://user:word@news.example/feed.xml",
        "http://@news.example/",
        "http://" + "a" * 300 + ".example/",
        "http://" + "ü" * 5000 + ".example/",
        "http://news.example/" + "a" * 2000,
        "",
    ],
)
def test_what_is_no_address_of_a_feed_is_a_bad_url(url: str) -> None:
    assert kind_of(url) is ErrorKind.BAD_URL


def test_a_user_name_before_a_private_address_does_not_hide_it() -> None:
    assert kind_of("http://news.example@169.254.169.254/") is ErrorKind.BLOCKED_ADDRESS
    assert kind_of("http://news.example\\@127.0.0.1/") is ErrorKind.BLOCKED_ADDRESS


def test_a_password_in_an_address_is_not_repeated_in_the_error() -> None:
    with pytest.raises(FetchError) as caught:
        normalise_url("http://editor:hunter2@news.example/")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"])
def test_public_addresses_pass(address: str) -> None:
    assert refused_because(ip_address(address)) is None


def test_ports_are_held_against_the_list_except_in_allowed_networks() -> None:
    guard = Guard(ports=(80, 443), allowed=("10.0.0.0/8",))
    guard.check_address(ip_address("1.1.1.1"), 443)
    guard.check_address(ip_address("10.9.9.9"), 22)
    with pytest.raises(FetchError, match="port 22"):
        guard.check_address(ip_address("1.1.1.1"), 22)


def test_allowing_an_ipv4_network_does_not_allow_its_mapped_form() -> None:
    guard = Guard(allowed=("127.0.0.0/8",))
    assert kind_of("http://127.0.0.1:9999/", guard) is None
    assert kind_of("http://[::ffff:127.0.0.1]/", guard) is ErrorKind.BLOCKED_ADDRESS
    assert kind_of("http://[::ffff:127.0.0.1]/", Guard(allowed=("::ffff:7f00:0/104",))) is None


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(faultserver: FaultServer) -> None:
    client = a_client(NameMap().lead("inside.example", faultserver), allowed=())
    with pytest.raises(FetchError) as caught:
        client.get("http://inside.example/")
    assert caught.value.kind is ErrorKind.BLOCKED_ADDRESS
    assert faultserver.connections == 0


def test_of_several_addresses_only_the_permitted_are_connected_to() -> None:
    with FaultServer(addresses=("127.0.0.2", "127.0.0.3")) as server:
        server.script("/", Answer(body=FEED))
        both = [("127.0.0.2", server.port), ("127.0.0.3", server.port)]
        client = a_client(NameMap().answer("news.example", both), allowed=("127.0.0.3/32",))
        assert client.get("http://news.example/").body == FEED
        assert [request.address for request in server.requests] == ["127.0.0.3"]


def test_rebinding_cannot_slip_another_address_between_check_and_connection() -> None:
    with FaultServer(addresses=("127.0.0.2", "127.0.0.3")) as server:
        server.script("/", Answer(body=FEED, close=True))
        names = NameMap().answer("news.example", [("127.0.0.3", server.port)], [("127.0.0.2", server.port)])
        client = a_client(names, allowed=("127.0.0.3/32",))
        assert client.get("http://news.example/").body == FEED
        # One look-up per connection: there is no second answer that could differ from the checked one.
        assert names.asked["news.example"] == 1
        with pytest.raises(FetchError) as caught:
            client.get("http://news.example/")
        assert caught.value.kind is ErrorKind.BLOCKED_ADDRESS
        assert {request.address for request in server.requests} == {"127.0.0.3"}


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://2852039166/",
        "http://inside.example/",
        "//127.0.0.1/",
    ],
)
def test_a_redirect_into_our_own_networks_is_refused(target: str) -> None:
    with FaultServer(addresses=("127.0.0.3",)) as outside, FaultServer() as inside:
        outside.script("/feed.xml", redirect(target))
        names = NameMap().lead("news.example", outside).lead("inside.example", inside)
        client = a_client(names, allowed=("127.0.0.3/32",))
        with pytest.raises(FetchError) as caught:
            client.get("http://news.example/feed.xml")
        assert caught.value.kind is ErrorKind.BLOCKED_ADDRESS
        assert inside.connections == 0
        assert len(outside.requests) == 1


def test_proxies_of_the_environment_are_not_used(faultserver: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    faultserver.script("/", Answer(body=FEED))
    assert a_client().get(faultserver.url()).body == FEED


class TestTheSystemsResolver:
    def test_finds_names_of_this_machine(self) -> None:
        endpoints = SystemResolver(SystemClock()).resolve("localhost", 81, 5)
        assert (ip_address("127.0.0.1"), 81) in endpoints

    def test_a_name_that_nobody_answers_for_ends_on_time_and_holds_one_thread(self, stuck: StuckLookups) -> None:
        for _ in range(3):
            with pytest.raises(FetchError) as caught:
                stuck.resolver.resolve("dead.example", 80, 0.05)
            assert caught.value.kind is ErrorKind.DNS
        assert stuck.asked == ["dead.example"]

    def test_dead_names_do_not_fill_it_for_ever(self, stuck: StuckLookups) -> None:
        for number in range(LOOKUPS_MAX + 5):
            with pytest.raises(FetchError):
                stuck.resolver.resolve(f"dead{number}.example", 80, 0.0)
        assert len(stuck.asked) == LOOKUPS_MAX
        stuck.let_go()
        assert stuck.resolver.resolve("alive.example", 80, 5) == [(ip_address("198.51.100.1"), 80)]

    def test_while_it_answers_nobody_no_name_waits_long(self, stuck: StuckLookups) -> None:
        began = time.monotonic()
        waits = [stuck.ask(f"dead{number}.example", 30) for number in range(SILENT_LOOKUPS)]
        for wait in waits:
            wait.join(10)
        assert PATIENCE_S <= time.monotonic() - began < PATIENCE_S + 2
        began = time.monotonic()
        with pytest.raises(FetchError, match="nobody said within 0.25 s"):
            stuck.resolver.resolve("late.example", 80, 30)
        assert time.monotonic() - began < 2

    def test_a_few_slow_names_are_waited_for(self, stuck: StuckLookups) -> None:
        waits = [stuck.ask(f"dead{number}.example", 30) for number in range(SILENT_LOOKUPS - 1)]
        waits[0].join(PATIENCE_S + 0.5)
        assert all(wait.is_alive() for wait in waits)
        stuck.let_go()
        for wait in waits:
            wait.join(10)
        assert len(stuck.found) == SILENT_LOOKUPS - 1

    def test_a_name_that_does_not_exist_is_said_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_such_name(*_: object, **__: object) -> None:
            raise OSError(-2, "Name or service not known")

        monkeypatch.setattr("socket.getaddrinfo", no_such_name)
        with pytest.raises(FetchError, match="Name or service not known"):
            SystemResolver(SystemClock()).resolve("nowhere.example", 80, 5)


class StuckLookups:
    """A system resolver whose answers wait until they are let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.found: list[str] = []
        self._gate = threading.Event()
        self.resolver = SystemResolver(SystemClock())

    def getaddrinfo(self, host: str, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        self.asked.append(host)
        self._gate.wait(10)
        return [(2, 1, 6, "", ("198.51.100.1", 0))]

    def ask(self, host: str, timeout_s: float) -> threading.Thread:
        def resolve() -> None:
            with contextlib.suppress(FetchError):
                self.resolver.resolve(host, 80, timeout_s)
                self.found.append(host)

        thread = threading.Thread(target=resolve, daemon=True)
        thread.start()
        return thread

    def let_go(self) -> None:
        self._gate.set()
        for thread in threading.enumerate():
            if thread.name.startswith("dns dead"):
                thread.join(10)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[StuckLookups]:
    lookups = StuckLookups()
    monkeypatch.setattr("socket.getaddrinfo", lookups.getaddrinfo)
    yield lookups
    lookups.let_go()


def test_a_name_that_hangs_costs_its_caller_the_limit_of_names_only() -> None:
    class Silent:
        def resolve(self, host: str, port: int, timeout_s: float) -> list[object]:
            assert timeout_s == 0.25
            raise FetchError(ErrorKind.DNS, "nobody said where it is")

    client = a_client(Silent(), limits=Limits(dns_s=0.25, total_s=30))  # type: ignore[arg-type]
    with pytest.raises(FetchError) as caught:
        client.get("http://dead.example/")
    assert (caught.value.kind, caught.value.url) == (ErrorKind.DNS, "http://dead.example/")
