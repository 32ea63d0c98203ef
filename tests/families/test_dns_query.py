"""One query against servers that behave badly: each must cost bounded time, and end as the right fact."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.resolver
import pytest

from gonogo.evidence.dns import Answer, Delivery
from gonogo.families.dns.query import Query, Transport, Vantage, exchange, undelivered
from tests.support.dns_doubles import PATIENCE, SHORT, Reply, answering, double, framed, query, silence

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Dnspython runs on the loop that gonogo runs on."""
    return "asyncio"


async def ask(query: Query, patience: timedelta) -> Answer:
    """The answer alone."""
    return (await exchange(query, patience)).answer


async def _asked(
    over_udp: Reply, transport: Transport = Transport.UDP, over_tcp: Reply = silence, patience: timedelta = PATIENCE
) -> Answer:
    async with double(over_udp, over_tcp) as (server, _):
        return await ask(replace(query(server), transport=transport), patience)


async def test_authoritative_servers_are_asked_without_recursion() -> None:
    """A server that recurses would answer from elsewhere, and a lame one would look healthy."""
    async with double(answering("api.workme.test. 300 IN A 192.0.2.1")) as (server, it):
        answer = await ask(query(server), PATIENCE)
    assert not it.queries[0].flags & dns.flags.RD
    assert (answer.records, answer.authoritative, answer.attempts) == (("192.0.2.1",), True, 1)


async def test_a_silent_server_is_asked_four_times() -> None:
    """Lost packets would be a NO-GO: of 20 that cross a bad network, one is lost."""
    async with double() as (server, it):
        answer = await ask(query(server), SHORT)
    assert (answer.delivery, answer.attempts, len(it.queries)) == (Delivery.SILENT, 4, 4)


@pytest.mark.parametrize(("lives", "attempts"), [(True, 8), (False, 4)])
async def test_only_a_server_that_answered_before_gets_a_further_chance(*, lives: bool, attempts: int) -> None:
    """At 5 % loss one exchange of 10,000 gets nothing four times; a run makes hundreds, and none may be a NO-GO."""
    healthy = answering("api.workme.test. 300 IN A 192.0.2.1")

    def deaf_to_aaaa(asked: dns.message.Message) -> bytes | None:
        return healthy(asked) if lives and asked.question[0].rdtype == dns.rdatatype.A else None

    async with double(deaf_to_aaaa) as (server, _):
        address, _, port = server.rpartition(":")
        vantage = Vantage(resolvers=(), port=int(port), patience=SHORT)
        await vantage.ask_server(address, "api.workme.test", "A")
        answer = await vantage.ask_server(address, "api.workme.test", "AAAA")
    assert (answer.delivery, answer.attempts) == (Delivery.SILENT, attempts)


async def test_a_second_attempt_counts_and_shows() -> None:
    """A server that answers every other time would look as good as any."""
    healthy = answering("api.workme.test. 300 IN A 192.0.2.1")
    lost: list[dns.message.Message] = []

    def first_one_lost(asked: dns.message.Message) -> bytes | None:
        lost.append(asked)
        return healthy(asked) if len(lost) > 1 else None

    answer = await _asked(first_one_lost, patience=timedelta(seconds=1))
    assert (answer.records, answer.attempts) == (("192.0.2.1",), 2)


@pytest.mark.parametrize("transport", Transport)
async def test_a_closed_port_is_a_refusal(transport: Transport) -> None:
    """A name server that is down would pass for a network that we cannot reach."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{taken.getsockname()[1]}"
        answer = await ask(replace(query(server), transport=transport), PATIENCE)
    assert (answer.delivery, answer.detail) == (Delivery.REFUSED, "nothing listens")


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(lambda _: b"HTTP/1.1 400 Bad Request", id="not DNS"),
        pytest.param(lambda asked: asked.to_wire(), id="our own query"),
        pytest.param(
            lambda asked: answering()(dns.message.make_query("other.test", "A", id=asked.id)), id="other name"
        ),
        pytest.param(lambda asked: answering()(dns.message.make_query(asked.question[0].name, "A")), id="other id"),
    ],
)
async def test_noise_is_no_answer(noise: Reply) -> None:
    """A captive portal that answers everything would be taken for a name server."""
    answer = await _asked(noise)
    assert answer.delivery is Delivery.GARBLED
    assert len(answer.detail) <= 300


async def test_a_truncated_answer_is_fetched_over_tcp() -> None:
    """A truncated answer has no records: the name would seem to be gone."""
    records = [f"api.workme.test. 300 IN A 192.0.2.{number}" for number in range(1, 9)]
    whole = answering(*records)
    answer = await _asked(answering(truncated=True), over_tcp=lambda asked: framed(whole(asked) or b""))
    assert (answer.transport, len(answer.records)) == ("TCP", 8)


@pytest.mark.parametrize(
    ("reply", "delivery"),
    [
        pytest.param(lambda _: None, Delivery.SILENT, id="never speaks"),
        pytest.param(lambda _: b"", Delivery.REFUSED, id="hangs up"),
        pytest.param(lambda _: b"\xff\xffhalf", Delivery.REFUSED, id="hangs up midway"),
        pytest.param(lambda _: framed(b"nonsense"), Delivery.GARBLED, id="speaks nonsense"),
    ],
)
async def test_tcp_servers_that_do_not_serve(reply: Reply, delivery: Delivery) -> None:
    """A server that accepts and hangs would hang the whole run."""
    patience = SHORT if delivery is Delivery.SILENT else PATIENCE
    assert (await _asked(answering(), Transport.TCP, over_tcp=reply, patience=patience)).delivery is delivery


async def test_a_circle_of_aliases_ends() -> None:
    """Two CNAMEs that point to each other would keep us busy forever."""
    answer = await _asked(answering("api.workme.test. 1 IN CNAME b.test.", "b.test. 1 IN CNAME api.workme.test."))
    assert answer.delivery is Delivery.GARBLED


async def test_an_enormous_answer_is_cut() -> None:
    """A hostile zone would fill the report, and our memory."""
    records = [f"api.workme.test. 300 IN A 10.0.{number // 256}.{number % 256}" for number in range(1000)]
    whole = answering(*records)
    answer = await _asked(answering(), Transport.TCP, over_tcp=lambda asked: framed(whole(asked) or b""))
    assert (len(answer.records), answer.omitted_records) == (256, 744)


async def test_the_longest_ttl_on_the_way_counts() -> None:
    """Turning back takes as long as the alias lives, however short-lived the address behind it is."""
    answer = await _asked(
        answering("api.workme.test. 86400 IN CNAME lb.workme.test.", "lb.workme.test. 60 IN A 192.0.2.1")
    )
    assert (answer.aliases, answer.records) == (("lb.workme.test",), ("192.0.2.1",))
    assert answer.ttl is not None
    assert answer.ttl.total_seconds() == 86400


async def test_a_refusal_that_does_not_repeat_the_question_is_one() -> None:
    """Some servers refuse in twelve bytes; taking that for noise would hide that they are lame."""

    def refusal(asked: dns.message.Message) -> bytes:
        return asked.id.to_bytes(2, "big") + b"\x80\x05" + bytes(8)

    answer = await _asked(refusal)
    assert (answer.delivery, answer.rcode, answer.with_authority) == (Delivery.ANSWERED, "REFUSED", False)


async def test_a_cancelled_question_closes_its_connection() -> None:
    """A run that was interrupted would leave sockets behind, on both sides."""
    async with double() as (server, it):
        asking = asyncio.create_task(ask(replace(query(server), transport=Transport.TCP), PATIENCE))
        async with asyncio.timeout(10):
            await it.connected.wait()
            asking.cancel()
            await asyncio.wait([asking])
            await it.left.wait()
    assert asking.cancelled()


def _subclasses(kind: type[dns.exception.DNSException]) -> Iterator[type[dns.exception.DNSException]]:
    yield kind
    for subclass in kind.__subclasses__():
        yield from _subclasses(subclass)


async def test_every_error_of_dnspython_is_a_fact() -> None:
    """An error that nobody thought of would end a probe as a bug in gonogo, on launch day."""
    kinds = set(_subclasses(dns.exception.DNSException))
    assert {dns.query.BadResponse, dns.resolver.NXDOMAIN, dns.message.Truncated} <= kinds
    for kind in kinds:
        error = kind.__new__(kind)
        error.kwargs = {}
        delivery, detail = undelivered(error, "127.0.0.1:53")
        expected = Delivery.SILENT if issubclass(kind, dns.exception.Timeout) else Delivery.GARBLED
        assert (delivery, bool(detail)) == (expected, True), kind


@pytest.mark.parametrize(
    ("error", "delivery"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), Delivery.REFUSED),
        (ConnectionResetError(errno.ECONNRESET, "reset"), Delivery.REFUSED),
        (EOFError("EOF"), Delivery.REFUSED),
        (TimeoutError(), Delivery.SILENT),
        (OSError(errno.ENETUNREACH, "unreachable"), Delivery.NOT_SENT),
        (OSError(errno.EADDRNOTAVAIL, "not available"), Delivery.NOT_SENT),
        (OSError(errno.EMFILE, "too many files"), Delivery.NOT_SENT),
    ],
)
async def test_a_machine_without_a_route_blames_itself(error: Exception, delivery: Delivery) -> None:
    """A laptop without IPv6 would say NO-GO to a healthy zone."""
    assert undelivered(error, "[2001:db8::53]:53")[0] is delivery
