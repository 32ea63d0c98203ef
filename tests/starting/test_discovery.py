"""What a first look finds out about a name, against the reference's real DNS servers, and about odd services."""

from collections.abc import Mapping, Sequence
from typing import Any

import dns.message
import dns.rdatatype
import pytest

from gonogo.base.errors import UsageError
from gonogo.clients.http import address_client
from gonogo.starting.discovery_http import listen
from gonogo.starting.discovery_names import look_up
from gonogo.starting.findings import Hints, Metrics, Names, Spoken
from reference.listener import Listener
from tests.support.dns_doubles import ZONE, answering, double, reference_dns
from tests.support.http_doubles import Answer, http_server

pytestmark = pytest.mark.anyio
HOST = "api.workme.test"


@pytest.fixture
def anyio_backend() -> str:
    """Dnspython runs on the loop that gonogo runs on."""
    return "asyncio"


async def named(host: str, *given: str) -> Names:
    """What the reference's resolvers lead to."""
    async with reference_dns() as vantage:
        return await look_up(host, addresses=given, resolvers=vantage.resolvers)


async def spoken(answer: Answer, prefix: str = "", hints: Hints | None = None) -> Spoken:
    """What is heard from a service that answers like this."""
    listener = Listener(http_server(answer), "127.0.0.1", 0)
    await listener.start()
    try:
        async with address_client(None, host="a.test", address="127.0.0.1", port=listener.port) as client:
            return await listen(client, prefix, hints or Hints())
    finally:
        await listener.stop()


def pages(found: Mapping[str, bytes], otherwise: int = 404) -> Answer:
    """A service of these pages."""

    def answer(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        del headers
        return (200, found[path]) if path in found else (otherwise, b"{}")

    return answer


async def test_addresses_zone_servers_and_authorities() -> None:
    """All that the [dns] section needs, by walking up from the name."""
    found = await named(HOST)
    assert (found.source, found.zone, found.problem) == ("dns", ZONE, "")
    assert set(found.addresses) == {"127.0.0.1", "127.0.0.2"}
    assert len(found.resolvers) == 3
    assert len(found.servers) == 2
    assert found.caa == ["ca.workme.test"]


async def test_the_provider_that_gives_the_addresses() -> None:
    """Behind a content delivery network the first run would be NO-GO, in another way every minute."""
    assert not (await named(HOST)).alias

    def delivered(query: dns.message.Message) -> bytes | None:
        owner, rdtype = query.question[0].name, query.question[0].rdtype
        if rdtype == dns.rdatatype.NS and owner.to_text() == f"{ZONE}.":
            return answering(f"{ZONE}. 60 IN NS ns1.{ZONE}.")(query)
        if rdtype == dns.rdatatype.A and owner.to_text() == f"{HOST}.":
            aliases = (f"{HOST}. 60 IN CNAME lb.{ZONE}.", f"lb.{ZONE}. 60 IN CNAME edge.cdn.example.")
            return answering(*aliases, "edge.cdn.example. 1 IN A 192.0.2.1")(query)
        return answering()(query)

    async with double(delivered) as (server, _):
        found = await look_up(HOST, addresses=(), resolvers=[server])
    assert (found.zone, found.addresses, found.alias) == (ZONE, ("192.0.2.1",), "edge.cdn.example")


async def test_given_addresses_go_before_those_of_dns() -> None:
    """Whoever says where it is, means it; the zone is known all the same."""
    found = await named(HOST, "192.0.2.7")
    assert (found.addresses, found.zone) == (("192.0.2.7",), ZONE)


async def test_name_of_this_machine_alone() -> None:
    """As from /etc/hosts: verified, and said to be unknown to the world."""
    found = await named("localhost")
    assert found.source == "system"
    assert "127.0.0.1" in found.addresses
    assert not found.zone
    assert found.problem


async def test_name_that_does_not_exist() -> None:
    """The answer of each resolver is quoted."""
    with pytest.raises(UsageError, match=r"the name nothing\.workme\.test cannot be resolved .*NXDOMAIN"):
        await named("nothing.workme.test")


async def test_website_that_answers_everything() -> None:
    """A single-page application answers 200 to any path, and has no health endpoint for that."""
    found = await spoken(pages({}, otherwise=200))
    assert (found.unknown_page, found.health, found.metrics, found.openapi) == (200, None, None, None)


async def test_health_that_is_no_json() -> None:
    """Half of the world answers so."""
    found = await spoken(pages({"/up": b"OK"}))
    assert found.health is not None
    assert (found.health.path, found.health.status) == ("/up", "OK")


async def test_health_with_a_release_goes_before_one_without() -> None:
    """Both exist in many services."""
    found = await spoken(pages({"/health": b"OK", "/livez": b'{"status":"up","release":"3f2c1a9"}'}))
    assert found.health is not None
    assert found.health.path == "/livez"


async def test_release_that_only_a_metric_tells() -> None:
    """As Prometheus' own client writes it; what was built by hand names none."""
    built = b'shop_build_info{revision="3f2c1a9",version="(devel)"} 1\nrequests_total 1\n'
    found = await spoken(pages({"/health": b"OK", "/metrics": built}))
    assert found.release == "3f2c1a9"
    unnamed = await spoken(pages({"/metrics": b'go_build_info{version="(devel)"} 1\nshop_build_info{revision=""} 1\n'}))
    assert unnamed.release is None


async def test_health_with_a_word_goes_before_an_empty_body() -> None:
    """As of InfluxDB, whose ``/status`` says nothing and whose ``/health`` says how it is."""
    found = await spoken(pages({"/status": b"", "/api/v1/health": b"OK"}))
    assert found.health is not None
    assert found.health.path == "/api/v1/health"


@pytest.mark.parametrize(
    ("status", "body", "ill"),
    [
        (503, b'{"status":"down"}', "answers 503"),
        (500, b'{"status":"error","checks":{"redis":"down"}}', "answers 500, redis is down"),
        (200, b'{"status":"ok","checks":{"redis":"down"}}', "answers 200, redis is down"),
        (500, b'{"status":"error"}', None),
        (404, b'{"status":"error","checks":{"redis":"down"}}', None),
        (200, b'{"status":"error","message":"no such page"}', None),
    ],
)
async def test_health_of_a_service_that_is_ill_now(status: int, body: bytes, ill: str | None) -> None:
    """A page that is left out because it says no would be missed by every run, until somebody declares it."""
    found = await spoken(lambda path, _headers: (status, body) if path == "/healthz" else (404, b"{}"))
    assert (found.health.ill if found.health else None) == ill


async def test_paths_below_the_base_url_go_first() -> None:
    """https://example.com/shop has its own health."""
    found = await spoken(pages({"/health": b'{"status":"ok"}', "/shop/health": b'{"status":"ok"}'}), "/shop")
    assert found.health is not None
    assert found.health.path == "/shop/health"


async def test_every_page_answers_an_error() -> None:
    """The cause of all that is not found is known at this moment, and is said."""
    found = await spoken(lambda _path, _headers: (502, b""))
    assert found.remarks == ["every page answers 502: the service itself does not answer"]
    front = await spoken(pages({"/healthz": b'{"status":"ok"}'}, otherwise=503))
    assert front.remarks == ["every page but /healthz answers 503: the service itself does not answer"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (
            "/beat",
            '/beat answers 200, which gonogo cannot read as healthy or unhealthy; it expects words as in {"status": "ok"}',
        ),
        ("/gone", "/gone answers 404"),
    ],
)
async def test_named_health_that_is_none(path: str, reason: str) -> None:
    """Who names a page and reads "not found" looks for a mistake in the name."""
    found = await spoken(pages({"/beat": b'{"accounts":true}'}), hints=Hints(health=[path]))
    assert found.health is None
    assert [remark for remark in found.remarks if remark.startswith("--health: ") and reason in remark]


@pytest.mark.parametrize(
    "path",
    [
        *("/actuator/health", "/api/v1/utils/health-check/", "/parse/health", "/_health", "/ht/", "/healthz/live"),
        *("/__heartbeat__", "/server/health", "/-/liveness"),
    ],
)
async def test_health_where_frameworks_put_it(path: str) -> None:
    """What is not found is not verified."""
    found = await spoken(pages({path: b'{"status":"UP"}'}))
    assert found.health is not None
    assert found.health.path == path


async def test_health_that_only_the_description_names() -> None:
    """The document knows paths that nobody could guess."""
    document = b'{"openapi":"3.0.3","info":{"title":"T","version":"1"},"paths":{"/internal/alive":{"get":{}}}}'
    found = await spoken(pages({"/api/v1/openapi.json": document, "/internal/alive": b'"ok"'}))
    assert found.openapi == "/api/v1/openapi.json"
    assert found.health is not None
    assert found.health.path == "/internal/alive"


async def test_metrics_behind_a_token() -> None:
    """What cannot be verified yet is said, and how."""

    def answer(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        del headers
        if path == "/metrics":
            return 401, b""
        return 404, b""

    found = await spoken(answer)
    assert found.remarks == [
        "/metrics answers 401: declare http.metrics, and http.metrics_token to read it with",
    ]


@pytest.mark.parametrize(
    ("text", "series", "moving"),
    [
        (b"up 1\n", ["up"], []),
        (b"http_requests_total 1\nprocess_open_fds 3\nother 1\n", ["http_requests_total", "process_open_fds"], []),
    ],
)
async def test_series_that_are_worth_requiring(text: bytes, series: Sequence[str], moving: Sequence[str]) -> None:
    """What stands still is required to exist, and not to move."""
    found: Any = await spoken(pages({"/metrics": text}))
    assert found.metrics == Metrics(path="/metrics", samples=text.count(b"\n"), series=series, moving=moving)


async def test_series_that_move_by_something_else_are_not_required_to_move() -> None:
    """A disk that is flushed in between takes time and counts requests, as node exporter tells; a user comes by once."""
    scrapes = 0

    def answer(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        nonlocal scrapes
        del headers
        scrapes += path == "/metrics"
        text = (
            f"disk_flush_requests_time_seconds_total {scrapes / 7}\ndisk_flush_requests_total {scrapes}\n"
            f"admin_requests_total {min(scrapes, 2)}\nshop_http_requests_total {scrapes}\n"
        )
        return (200, text.encode()) if path == "/metrics" else (404, b"")

    found: Any = await spoken(answer)
    assert found.metrics.moving == ["shop_http_requests_total"]


async def test_paths_that_somebody_named_come_first() -> None:
    """Neither health nor the description need be at a usual path."""
    described = b'{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/x":{"get":{}}}}'
    answer = pages({"/inside/alive": b"OK", "/inside/api": described, "/x": b"[]"})
    listener = Listener(http_server(answer), "127.0.0.1", 0)
    await listener.start()
    try:
        async with address_client(None, host="a.test", address="127.0.0.1", port=listener.port) as client:
            found = await listen(client, "", Hints(health=["/inside/alive"], openapi=["/inside/api"], page="/x"))
    finally:
        await listener.stop()
    assert found.health is not None
    assert (found.health.path, found.openapi, found.page, found.readable) == (
        "/inside/alive",
        "/inside/api",
        "/x",
        ["/x"],
    )
    assert not found.front_is_served


async def test_a_service_that_is_busy_with_one_page_is_asked_again() -> None:
    """Prefect makes its OpenAPI document in eight seconds, when it is first asked for, and answers nothing meanwhile."""
    asked: list[str] = []

    def answer(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        asked.append(path)
        if path == "/health" and asked.count(path) == 1:
            raise ConnectionAbortedError
        return pages({"/health": b'{"status": "ok"}'})(path, headers)

    found = await spoken(answer)
    assert found.health
    assert found.health.path == "/health"
    assert not [remark for remark in found.remarks if "no answer" in remark]


async def test_what_never_answers_is_said_to_be_unknown() -> None:
    """A page that hangs up may be there: "not found" would be more than is known."""

    def answer(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if path == "/metrics":
            raise ConnectionAbortedError
        return pages({"/health": b'{"status": "ok"}'})(path, headers)

    found = await spoken(answer)
    assert found.health
    assert list(found.remarks) == ["no answer from /metrics, asked twice: it is not known what is there"]
