"""What the service says of itself: its health, its release, its clock."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from gonogo.base.comparing import at_most, decided, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.wakefulness import too_slow
from gonogo.environment.model import Environment
from gonogo.environment.pages import Page
from gonogo.evidence.http import (
    CACHE_HEADERS,
    Exchange,
    HealthEvidence,
    HealthPart,
    HealthReading,
    Meaning,
    ReleaseWord,
    ServiceEvidence,
)
from gonogo.evidence.release_names import is_release, looks_like_commit
from gonogo.families.http.section import Http
from gonogo.policy.catalogue import Policy

_DIGEST = "@sha256:"
_MOST_NAMED = 5
_DECLARE_HEALTH = 'declare what is healthy: http.health = { path = "/PATH", json = { "KEY" = "VALUE" } }'
_HIT = re.compile(r"[\s,;_](?:hit|stale|updating)(?![\w=-])", re.IGNORECASE)
"""What caches say of an answer that they had; RefreshHit and REVALIDATED were asked for anew."""
_DECLARE_RELEASE = (
    'declare where it is: http.release = { path = "/version", json = "commit" } or { header = "X-Release" }; '
    'if it is not served, add "release" to service.without'
)


@pytest.mark.check("health-shallow")
def test_service_is_up(health: HealthEvidence, environment: Environment, policy: Policy) -> None:
    """The load balancer trusts this answer.

    Fix: read the service's log; if its health endpoint does not report healthy, the service cannot serve.
    """
    last, page = health.shallow[-1], environment.require(Http).health
    _assert_nothing_down(health.reading, last)
    _assert_readable(health.shallow)
    for exchange in health.shallow:
        right = exchange.ok or _is_declared(exchange, page)
        assert shown(right, "answer of health", exchange.status, "2xx, or as declared"), (
            f"{exchange.summary}{_calls_itself(health.reading)}"
        )
    for exchange in health.shallow:
        _assert_fresh(exchange, policy.duration("max_age"))
    same = health.control.served and health.control.digest == last.digest
    own = not same or (page and page.says) or _is_json(last)
    assert so(own, "another answer than a path that cannot exist", "yes", "no"), (
        f"{last.url} answers like {health.control.url}, which cannot exist: every path answers the same"
    )
    _assert_healthy(health.reading, health.departures, last, page)


@pytest.mark.check("health-deep")
def test_dependencies_are_up(health: HealthEvidence, environment: Environment, policy: Policy) -> None:
    """A service whose database is gone answers its first user with an error.

    Fix: look at the dependency that is named, then at the network and the password between the two.
    """
    page = environment.require(Http).deep_health
    _assert_nothing_down(health.deep_reading, health.deep)
    _assert_readable([health.deep])
    right = health.deep.ok or _is_declared(health.deep, page)
    assert shown(right, "answer of deep health", health.deep.status, "2xx, or as declared"), health.deep.summary
    _assert_fresh(health.deep, policy.duration("max_age"))
    _assert_healthy(health.deep_reading, health.deep_departures, health.deep, page)
    named = health.deep_reading.parts or (page and page.values)
    assert so(named, "dependencies", "named", "none named"), (
        f"{health.deep.url} names no dependency in a known form, so it is not deep health; declare what it must "
        'contain, as in deep_health = { path = "/ready", json = { database = "ok" } }'
    )


@pytest.mark.check("health-concerns")
def test_health_tells_of_no_concern(health: HealthEvidence, policy: Policy) -> None:
    """A part that is degraded today may be down at the launch, and an old report says nothing about today.

    Fix: look at the part that is named; if that is acceptable, let health report it as healthy.
    """
    limit = policy.duration("max_age")
    for reading, exchange in ((health.reading, health.shallow[-1]), (health.deep_reading, health.deep)):
        concerns = [f"{name} is {part.word}" for name, part in reading.parts.items() if part.meaning is Meaning.WARN]
        concerns += [f"it reports {reading.word}"] if reading.meaning is Meaning.WARN else []
        concerns += [f"it lists the error {error!r}" for error in reading.errors]
        age = health.taken_at - (reading.written or health.taken_at)
        fresh = at_most(age, limit, "written ago, by its own word")
        concerns += [] if fresh else [f"it was written {format_duration(age)} ago"]
        assert nothing(concerns, "concerns"), f"{exchange.url}: {_some(concerns)}"


@pytest.mark.check("health-latency")
def test_health_is_fast(health: HealthEvidence, policy: Policy) -> None:
    """A slow health endpoint shows that the service is busy before the launch has begun.

    Fix: find out what the endpoint waits for; shallow health should call no other system.
    """
    limit = policy.duration("max_median")
    median = health.median
    assert not too_slow(median.elapsed, median.own, limit, "median of health"), (
        f"{median.url} takes {format_duration(median.elapsed)}; at most {format_duration(limit)} is expected"
    )


@pytest.mark.check("health-private")
def test_health_tells_no_secrets(health: HealthEvidence) -> None:
    """Health is public: everybody can read what it shows.

    Fix: reduce the body to status, release and dependency names; then change the secret that was shown.
    """
    assert nothing(health.leaked, "values of secrets in health"), (
        f"{health.deep.url} shows the value of {', '.join(health.leaked)}"
    )
    assert nothing(health.suspicious, "what looks like a secret in health"), (
        f"{health.deep.url} shows {', '.join(health.suspicious)}"
    )


@pytest.mark.check("release-under-review")
def test_reviewed_release_is_served(service: ServiceEvidence, environment: Environment) -> None:
    """People sign one release; a check of another release proves nothing about it.

    Fix: deploy the release under review to this address, or pass the right one with --release.
    """
    wanted = environment.service.release
    if wanted is None:
        raise Unobserved("no release under review was given", hint="pass it: gonogo run --release SHA")
    if service.scope[0] != urlsplit(environment.service.base_url).hostname:
        return  # another name of the service, which need not tell
    url = service.connections[0].exchange.url
    if not any(service.releases):
        raise Unobserved(f"{url} does not say which release it is", hint=_DECLARE_RELEASE)
    others = [words for words in service.releases if not any(is_release(word.value, wanted) for word in words)]
    if not others:
        decided("release served", ", ".join({_shown(words, wanted) for words in service.releases}), wanted)
        return
    certain = [words for words in others if any(_can_be_compared(word, wanted) for word in words)]
    if certain:
        served = Counter(_shown(words, wanted) for words in service.releases)
        addresses = ", ".join(
            f"{name} on {number} of {len(service.releases)} connections" for name, number in served.items()
        )
        decided("release served", addresses, wanted, met=False)
        raise AssertionError(f"{url} serves release {addresses}; {wanted} is under review")
    raise Unobserved(
        f"{url} says {_shown(others[0], wanted)}, which cannot be compared with {wanted}", hint=_DECLARE_RELEASE
    )


@pytest.mark.check("clock-agrees")
def test_clocks_agree(health_all: tuple[HealthEvidence, ...], policy: Policy) -> None:
    """Tokens, signatures and logs depend on the clock; a wrong clock refuses valid ones.

    Fix: start the time service on that machine (timedatectl set-ntp true).
    """
    limit = policy.duration("max_offset")
    offsets = {health.scope[-1]: health.clock_offset for health in health_all if health.clock_offset is not None}
    unknown = [health.scope[-1] for health in health_all if health.clock_offset is None]
    off = {
        address: offset
        for address, offset in offsets.items()
        if not at_most(abs(offset), limit, f"clock off at {address}", kind="clock")
    }
    apart = max(offsets.values(), default=timedelta()) - min(offsets.values(), default=timedelta())
    if off and len(off) == len(offsets) and apart <= limit:
        raise Unobserved(
            f"every address is off by {_signed(next(iter(off.values())))}: this machine's own clock may be wrong",
            hint="set the clock of the machine that runs gonogo",
        )
    wrong = [f"the clock at {address} is off by {_signed(offset)}" for address, offset in off.items()]
    assert nothing(wrong, "clocks that are off", of=len(offsets)), "; ".join(wrong)
    if unknown:
        raise Unobserved(
            f"{', '.join(unknown)} sends no Date header, so clocks cannot be compared",
            hint="let the server there send Date, as RFC 9110, 6.6.1 demands, or declare a health page of the service itself",
        )


def _assert_readable(exchanges: Iterable[Exchange]) -> None:
    for exchange in exchanges:
        if exchange.truncated and exchange.served:
            raise Unobserved(exchange.summary, hint="declare a health page that is shorter")
        if exchange.hurried:
            raise Unobserved(f"{exchange.summary}, when the probe's time was over", hint="raise limits.probe")


def _assert_nothing_down(reading: HealthReading, exchange: Exchange) -> None:
    down = [f"{name} is {part.word}" for name, part in reading.parts.items() if part.meaning is Meaning.FAIL]
    assert nothing(down, "parts that are down", of=len(reading.parts)), f"{exchange.url}: {_some(down)}"


def _assert_healthy(reading: HealthReading, departures: Collection[str], exchange: Exchange, page: Page | None) -> None:
    """Judges by what is declared, if anything is; else by what the service calls itself."""
    assert nothing(departures, "departures from what is declared"), f"{exchange.url}: {'; '.join(departures)}"
    if page and page.says:
        return
    assert shown(reading.meaning is not Meaning.FAIL, "what health reports", reading.word, "no word of failure"), (
        f"{exchange.summary}{_calls_itself(reading)}"
    )
    strange = _strange_parts(reading.parts)
    if reading.meaning is Meaning.UNKNOWN or strange:
        words = _some(strange) if strange else f"it reports {reading.word!r}" if reading.word else "no word of health"
        raise Unobserved(
            f"{exchange.summary}, and gonogo does not understand it: {words}{exchange.beginning}", hint=_DECLARE_HEALTH
        )


def _strange_parts(parts: Mapping[str, HealthPart]) -> list[str]:
    return [f"{name} is {part.word!r}" for name, part in parts.items() if part.meaning is Meaning.UNKNOWN]


def _assert_fresh(exchange: Exchange, limit: timedelta) -> None:
    """A copy says how it was, and not how it is."""
    age = exchange.headers.get("age", "")
    hits = [f"{name}: {exchange.headers.get(name, '')}" for name in CACHE_HEADERS]
    cached = next((hit for hit in hits if _HIT.search(hit)), "")
    old = timedelta(seconds=int(age[:9])) if age.isdecimal() else timedelta()
    if not at_most(old, limit, "age of the answer"):
        how_old = f"it is {format_duration(old)} old (Age: {age})"
    elif cached and not age.isdecimal():
        how_old = f"its age is not known ({cached})"
    else:
        return
    raise Unobserved(
        f"{exchange.url} comes from a cache: {how_old}", hint="keep health out of caches: Cache-Control: no-store"
    )


def _is_declared(exchange: Exchange, page: Page | None) -> bool:
    """Whether this status, which is none of 2xx, is the declared one."""
    return bool(page and exchange.status in page.status and not exchange.problem)


def _is_json(exchange: Exchange) -> bool:
    return "json" in exchange.headers.get("content-type", "")


def _calls_itself(reading: HealthReading) -> str:
    return f", and reports {reading.word}" if reading.word else ""


def _some(texts: Collection[str]) -> str:
    more = len(texts) - _MOST_NAMED
    return ", ".join(list(texts)[:_MOST_NAMED]) + (f", and {more} more" if more > 0 else "")


def _can_be_compared(word: ReleaseWord, wanted: str) -> bool:
    """Whether the word, which is another one, shows that another release is served.

    A commit is none beside a version, nor is the digest of an image beside either of them.
    """
    if not word.declared and (
        _DIGEST in word.value or (looks_like_commit(word.value) and not looks_like_commit(wanted))
    ):
        return False
    return word.declared or word.certain or looks_like_commit(word.value) == looks_like_commit(wanted)


def _shown(words: Iterable[ReleaseWord], wanted: str) -> str:
    """The word that equals the release under review, else the surest one."""
    ordered = sorted(words, key=lambda word: (not is_release(word.value, wanted), not word.declared, not word.certain))
    return f"{ordered[0].value} ({ordered[0].where})" if ordered else "nothing"


def _signed(offset: timedelta) -> str:
    return f"{'-' if offset < timedelta(0) else '+'}{format_duration(abs(offset))}"
