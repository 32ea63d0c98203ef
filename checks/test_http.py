"""The service over HTTP, judged at every address."""

import re
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.http import (
    Exchange,
    HealthEvidence,
    MetricsEvidence,
    OpenApiEvidence,
    PagesEvidence,
    PlainHttpEvidence,
)
from gonogo.families.http.section import Http
from gonogo.policy.catalogue import Policy

_REDIRECTS = {301, 302, 303, 307, 308}
_HEALTHY = {"ok", "up", "pass", "healthy"}
_FRAMING_POLICIES = {"deny", "sameorigin"}
_EVERYBODY = {"*", "http:", "https:"}
_VERSION = re.compile(r"[/ (]v?\d|\d\.\d")
_SHA = re.compile(r"[0-9a-f]+")
_SHORTEST_SHA = 7
_FULL_SHA = {40, 64}
_LEAKY_REFERRERS = {"", "unsafe-url", "no-referrer-when-downgrade"}


@pytest.mark.check("http-plain")
def test_nothing_is_served_without_tls(plain_http: PlainHttpEvidence) -> None:
    """What is served without TLS can be read and changed by everybody on the way, passwords included.

    Fix: answer port 80 with a redirect to https and nothing else, or close it.
    """
    exchange = plain_http.exchange
    if plain_http.refused or plain_http.filtered:
        return
    assert exchange.status is not None, f"{exchange.url} accepts, but gives no reply: {exchange.problem}"
    location = exchange.headers.get("location", "")
    assert exchange.status in _REDIRECTS, f"{exchange.url} answers {exchange.status} without TLS"
    assert urlsplit(location).scheme == "https", f"{exchange.url} redirects to {location or 'nowhere'}, not to https"


@pytest.mark.check("health-shallow")
def test_service_is_up(health: HealthEvidence) -> None:
    """The load balancer takes this answer for the truth.

    Fix: read the service's log; a health endpoint that answers anything but 200 means it cannot serve.
    """
    for exchange in health.shallow:
        assert exchange.ok, _failed(exchange)
    assert _is_healthy(health.status), (
        f"{health.shallow[-1].url} answers 200, but calls itself {health.status or 'nothing'}"
        f"{_excerpt(health.shallow[-1])}"
    )


@pytest.mark.check("health-deep")
def test_dependencies_are_up(health: HealthEvidence) -> None:
    """A service whose database is gone answers its first user with an error.

    Fix: look at the dependency that is named, then at the network and the password between the two.
    """
    down = [f"{name} is {status}" for name, status in health.dependencies.items() if not _is_healthy(status)]
    assert not down, f"{health.deep.url}: {', '.join(down)}"
    assert health.deep.ok, _failed(health.deep)
    assert _is_healthy(health.deep_status), f"{health.deep.url} calls itself {health.deep_status or 'nothing'}"
    assert health.dependencies, f"{health.deep.url} names no dependency: it cannot be called deep"


@pytest.mark.check("health-latency")
def test_health_is_fast(health: HealthEvidence, policy: Policy) -> None:
    """A health endpoint that takes its time shows a service that is busy before the launch has begun.

    Fix: see what the endpoint waits for; shallow health should ask nobody.
    """
    limit = policy.duration("max_median")
    assert health.median_elapsed <= limit, (
        f"{health.shallow[0].url} takes {format_duration(health.median_elapsed)}, "
        f"at most {format_duration(limit)} is wanted"
    )


@pytest.mark.check("health-private")
def test_health_tells_no_secrets(health: HealthEvidence) -> None:
    """Health is public: what it shows, everybody reads.

    Fix: reduce the body to status, release and dependency names; then change the secret that was shown.
    """
    assert not health.leaked, f"{health.deep.url} shows the value of {', '.join(health.leaked)}"
    assert not health.suspicious, f"{health.deep.url} shows {', '.join(health.suspicious)}"


@pytest.mark.check("release-under-review")
def test_reviewed_release_is_served(health: HealthEvidence, environment: Environment) -> None:
    """Signatures are for one release: verifying another one proves nothing about it.

    Fix: deploy the release under review to this address, or pass the one that is meant with --release.
    """
    wanted = environment.service.release
    if wanted is None:
        raise Unobserved("no release under review was given", hint="pass it: gonogo run --release SHA")
    served = health.release
    assert served, f"{health.shallow[-1].url} does not say which release it is"
    assert served == wanted or _same_commit(served, wanted), (
        f"{health.shallow[-1].url} serves release {served}, under review is {wanted}"
    )


@pytest.mark.check("clock-agrees")
def test_clocks_agree(health_all: tuple[HealthEvidence, ...], policy: Policy) -> None:
    """Tokens, signatures and logs all live by the clock; one that is off refuses what is right.

    Fix: start the time service on that machine (timedatectl set-ntp true).
    """
    limit = policy.duration("max_offset")
    offsets = {seen.scope[-1]: seen.clock_offset for seen in health_all if seen.clock_offset is not None}
    unknown = [seen.scope[-1] for seen in health_all if seen.clock_offset is None]
    off = {address: offset for address, offset in offsets.items() if abs(offset) > limit}
    apart = max(offsets.values(), default=timedelta()) - min(offsets.values(), default=timedelta())
    if off and len(off) == len(offsets) and apart <= limit:
        raise Unobserved(
            f"every address is off by {_signed(next(iter(off.values())))}: it may well be our own clock",
            hint="set the clock of the machine that runs gonogo",
        )
    assert not off, "; ".join(f"the clock at {address} is off by {_signed(offset)}" for address, offset in off.items())
    if unknown:
        raise Unobserved(f"no Date header comes from {', '.join(unknown)}, so clocks cannot be compared")


@pytest.mark.check("tls-hsts")
def test_https_is_remembered(health: HealthEvidence, policy: Policy) -> None:
    """Without HSTS the first request of every visit may go out without TLS.

    Fix: add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
    """
    value = _header(health.shallow, "strict-transport-security")  # given twice, the first counts (RFC 6797, 8.1)
    ages = [part.partition("=")[2].strip('" ') for part in value.lower().split(",")[0].split(";") if "max-age" in part]
    seconds = int(ages[0]) if ages and ages[0].isdecimal() else 0
    assert seconds >= policy.number("min_seconds"), (
        f"{health.shallow[0].url}: Strict-Transport-Security is {value or 'missing'}"
    )


@pytest.mark.check("http-nosniff")
def test_types_are_not_guessed(health: HealthEvidence) -> None:
    """A browser that guesses types runs an uploaded file as a script.

    Fix: X-Content-Type-Options: nosniff
    """
    value = _header(health.shallow, "x-content-type-options")
    assert value.lower().partition(",")[0].strip() == "nosniff", (
        f"{health.shallow[0].url}: X-Content-Type-Options is {value or 'missing'}"
    )


@pytest.mark.check("http-frame-ancestors")
def test_pages_cannot_be_framed(health: HealthEvidence) -> None:
    """A framed page lets others borrow our users' clicks.

    Fix: Content-Security-Policy: frame-ancestors 'none'
    """
    policies = _header(health.shallow, "content-security-policy").lower().replace(",", ";")
    directives = filter(None, (part.split() for part in policies.split(";")))
    limited = any(name == "frame-ancestors" and not _EVERYBODY & set(sources) for name, *sources in directives)
    options = _header(health.shallow, "x-frame-options").lower()
    assert limited or options in _FRAMING_POLICIES, (
        f"{health.shallow[0].url}: neither frame-ancestors nor X-Frame-Options forbids framing"
    )


@pytest.mark.check("http-referrer-policy")
def test_urls_are_not_sent_elsewhere(health: HealthEvidence) -> None:
    """Full URLs in the Referer header carry tokens and ids to other sites.

    Fix: Referrer-Policy: no-referrer
    """
    value = _header(health.shallow, "referrer-policy").lower().rpartition(",")[2].strip()
    assert value not in _LEAKY_REFERRERS, f"{health.shallow[0].url}: Referrer-Policy is {value or 'missing'}"


@pytest.mark.check("http-no-store")
def test_replies_are_not_cached(health: HealthEvidence) -> None:
    """A shared cache that keeps a reply gives one user's data to the next.

    Fix: Cache-Control: no-store on every reply of the API.
    """
    value = _header(health.shallow, "cache-control").lower()
    assert any(word in value for word in ("no-store", "private", "no-cache")), (
        f"{health.shallow[0].url}: Cache-Control is {value or 'missing'}"
    )


@pytest.mark.check("http-no-banner")
def test_versions_are_not_told(health: HealthEvidence) -> None:
    """A version in the Server header tells attackers which holes to try.

    Fix: server_tokens off; and remove X-Powered-By.
    """
    told = [_header(health.shallow, name) for name in ("server", "x-powered-by")]
    versions = [value for value in told if _VERSION.search(value)]
    assert not versions, f"{health.shallow[0].url} tells its versions: {', '.join(versions)}"


@pytest.mark.check("http-closed-paths")
def test_nothing_private_is_served(pages: PagesEvidence) -> None:
    """A served .env or .git hands over every secret there is.

    Fix: deny dot files in the web server, switch debug pages off, and change the secrets that were readable.
    """
    if pages.control.status is None:
        raise Unobserved(f"{pages.control.url}: {pages.control.problem}")
    if pages.control.served:
        raise Unobserved(
            f"{pages.control.url} cannot exist, and answers {pages.control.status}: what exists cannot be told apart",
            hint="let unknown paths answer 404",
        )
    served = [exchange for exchange in pages.pages.values() if exchange.served]
    assert not served, ", ".join(f"{exchange.url} answers {exchange.status}" for exchange in served)
    for exchange in pages.pages.values():
        if exchange.status is None:
            raise Unobserved(f"{exchange.url}: {exchange.problem}")
        if _moved_elsewhere(exchange):
            raise Unobserved(
                f"{exchange.url} leads to {exchange.headers['location']}, and nobody asked there",
                hint="answer 404 here, or make the host that it leads to the base_url",
            )


@pytest.mark.check("metrics-parse")
def test_metrics_parse(metrics: MetricsEvidence) -> None:
    """One malformed line makes the monitoring drop the whole scrape, silently.

    Fix: read the named line; write metrics with the client library instead of by hand.
    """
    assert metrics.exchange.ok, _failed(metrics.exchange)
    assert not metrics.parse_error, f"{metrics.exchange.url}: {metrics.parse_error}{_excerpt(metrics.exchange)}"
    assert metrics.samples, f"{metrics.exchange.url} holds no sample"


@pytest.mark.check("metrics-series")
def test_required_series_exist(metrics: MetricsEvidence, environment: Environment) -> None:
    """An alert on a series that does not exist never fires.

    Fix: export the series from the start, with all its labels, or correct http.series.
    """
    missing = [name for name in _http(environment).series if name not in metrics.series]
    assert not missing, f"{metrics.exchange.url} lacks {', '.join(missing)}"


@pytest.mark.check("metrics-moving")
def test_metrics_move(metrics: MetricsEvidence, environment: Environment) -> None:
    """Metrics that stand still look like a calm service.

    Fix: see that the endpoint reads the live registry, and not a copy that some worker or cache keeps.
    """
    for name in _http(environment).moving:
        assert name in metrics.before, f"{metrics.exchange.url} lacks {name}"
        assert name in metrics.after, f"{metrics.exchange.url} lacks {name}"
        assert metrics.before[name] != metrics.after[name], (
            f"{metrics.exchange.url}: {name} stays at {metrics.after[name]:g} although a request was made in between"
        )


@pytest.mark.check("metrics-private")
def test_metrics_need_a_token(metrics: MetricsEvidence) -> None:
    """Metrics tell competitors how many users there are, and attackers what is slow.

    Fix: require the token, or let only the monitoring network reach the path.
    """
    if metrics.without_token is None:
        raise Unobserved("the environment declares no token for metrics", hint="declare http.metrics_token")
    if metrics.without_token.status is None:
        raise Unobserved(f"{metrics.without_token.url}: {metrics.without_token.problem}")
    assert not metrics.without_token.served, f"{metrics.without_token.url} answers without the token"


@pytest.mark.check("openapi-valid")
def test_api_describes_itself(openapi: OpenApiEvidence) -> None:
    """Partners build against this document on launch day.

    Fix: serve the document that the framework generates, complete and as JSON.
    """
    where = openapi.exchange.url
    assert openapi.exchange.ok, _failed(openapi.exchange)
    assert not openapi.parse_error, f"{where}: {openapi.parse_error}{_excerpt(openapi.exchange)}"
    assert (openapi.version or "").startswith("3."), f"{where}: openapi is {openapi.version or 'missing'}, 3.x expected"
    assert openapi.title, f"{where} has no title"
    assert openapi.paths, f"{where} describes no path"
    assert not openapi.undocumented, f"{where}: no response is described for {', '.join(openapi.undocumented[:5])}"


def _is_healthy(status: str | None) -> bool:
    return (status or "").lower() in _HEALTHY


def _same_commit(one: str, other: str) -> bool:
    """Whether both are the same SHA, one of them abbreviated. Other releases have no abbreviation: 1.2.3 is not 1.2.30.

    A short text of digits alone is taken for the number of a build.
    """
    shorter, longer = sorted((one.lower(), other.lower()), key=len)
    looks_like_sha = _SHA.fullmatch(longer) and (len(longer) in _FULL_SHA or not shorter.isdecimal())
    return bool(looks_like_sha) and len(shorter) >= _SHORTEST_SHA and longer.startswith(shorter)


def _moved_elsewhere(exchange: Exchange) -> bool:
    """A redirect to the same path at another host, or with a slash behind it: what is served is served there."""
    location = exchange.headers.get("location")
    if exchange.status not in _REDIRECTS or not location:
        return False
    target = urlsplit(location)
    return target.path.rstrip("/") == urlsplit(exchange.url).path.rstrip("/")


def _http(environment: Environment) -> Http:
    return environment.require(Http)


def _failed(exchange: Exchange) -> str:
    if exchange.status is None:
        return f"{exchange.url}: {exchange.problem}"
    return f"{exchange.url} answers {exchange.status}{f', and {exchange.problem}' if exchange.problem else ''}"


def _excerpt(exchange: Exchange) -> str:
    return f"; it begins with {exchange.excerpt[:80]!r}" if exchange.excerpt else ""


def _header(exchanges: Sequence[Exchange], name: str) -> str:
    return exchanges[0].headers.get(name, "")


def _signed(offset: timedelta) -> str:
    return f"{'-' if offset < timedelta(0) else '+'}{format_duration(abs(offset))}"
