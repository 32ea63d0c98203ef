"""The headers by which the service tells browsers what they may do."""

import re
from collections.abc import Sequence

import pytest

from gonogo.base.comparing import at_least, equal, nothing, shown, so
from gonogo.environment.types import is_address
from gonogo.evidence.http import Exchange, HealthEvidence, ServiceEvidence
from gonogo.policy.catalogue import Policy

FAMILY = "http"

_FRAMING_POLICIES = {"deny", "sameorigin"}
_EVERYBODY = {"*", "http:", "https:"}
_VERSION = re.compile(r"[/ (]v?\d|\d\.\d")
_LEAKY_REFERRERS = {"", "unsafe-url", "no-referrer-when-downgrade"}
_DIRECTIVE = re.compile(r"\s*([^\s=;,\"]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))\s*)?")
_OUTSIDE_QUOTES = re.compile(r";(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")


@pytest.mark.check("tls-hsts")
def test_https_is_remembered(service: ServiceEvidence, policy: Policy) -> None:
    """Without HSTS, the first request of every visit may be sent without TLS.

    Fix: add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
    """
    if is_address(service.scope[0]):
        return  # browsers note no HSTS for an address: RFC 6797, 8.1.1
    for exchange in (service.connections[0].exchange, service.front):
        value = exchange.headers.get("strict-transport-security", "")
        seconds = _max_age(value)
        least, valid = policy.number("min_seconds"), seconds is not None
        assert exchange.status is None or (
            shown(valid, "Strict-Transport-Security", value, "valid") and at_least(seconds or 0, least, "max-age", "s")
        ), f"{exchange.url}: Strict-Transport-Security is {value or 'missing'}"


@pytest.mark.check("http-nosniff")
def test_types_are_not_guessed(health: HealthEvidence) -> None:
    """A browser that guesses types runs an uploaded file as a script.

    Fix: X-Content-Type-Options: nosniff
    """
    value = _header(health.shallow, "x-content-type-options")
    assert equal(value.lower().partition(",")[0].strip(), "nosniff", "X-Content-Type-Options"), (
        f"{health.shallow[0].url}: X-Content-Type-Options is {value or 'missing'}"
    )


@pytest.mark.check("http-frame-ancestors")
def test_pages_cannot_be_framed(health: HealthEvidence) -> None:
    """A site that frames our page can trick users into clicks on it.

    Fix: Content-Security-Policy: frame-ancestors 'none'
    """
    policies = _header(health.shallow, "content-security-policy").lower().replace(",", ";")
    directives = filter(None, (part.split() for part in policies.split(";")))
    limited = any(name == "frame-ancestors" and not _EVERYBODY & set(sources) for name, *sources in directives)
    options = _header(health.shallow, "x-frame-options").lower()
    assert so(limited or options in _FRAMING_POLICIES, "framing", "forbidden", "not forbidden"), (
        f"{health.shallow[0].url}: neither frame-ancestors nor X-Frame-Options forbids framing"
    )


@pytest.mark.check("http-referrer-policy")
def test_urls_are_not_sent_elsewhere(health: HealthEvidence) -> None:
    """Full URLs in the Referer header carry tokens and ids to other sites.

    Fix: Referrer-Policy: no-referrer
    """
    value = _header(health.shallow, "referrer-policy").lower().rpartition(",")[2].strip()
    assert shown(value not in _LEAKY_REFERRERS, "Referrer-Policy", value, "one that keeps full URLs"), (
        f"{health.shallow[0].url}: Referrer-Policy is {value or 'missing'}"
    )


@pytest.mark.check("http-no-store")
def test_replies_are_not_cached(health: HealthEvidence) -> None:
    """A shared cache that keeps a reply gives one user's data to the next.

    Fix: Cache-Control: no-store on every reply of the API.
    """
    value = _header(health.shallow, "cache-control").lower()
    kept = not any(word in value for word in ("no-store", "private", "no-cache"))
    assert shown(not kept, "Cache-Control", value, "no-store, private or no-cache"), (
        f"{health.shallow[0].url}: Cache-Control is {value or 'missing'}"
    )


@pytest.mark.check("http-no-banner")
def test_versions_are_not_told(health: HealthEvidence) -> None:
    """A version in the Server header tells attackers which vulnerabilities to try.

    Fix: server_tokens off; and remove X-Powered-By.
    """
    banners = [_header(health.shallow, name) for name in ("server", "x-powered-by")]
    versions = [value for value in banners if _VERSION.search(value)]
    assert nothing(versions, "versions that are told"), (
        f"{health.shallow[0].url} reveals its versions: {', '.join(versions)}"
    )


def _max_age(value: str) -> int | None:
    """The seconds of a Strict-Transport-Security header, read as browsers do (RFC 6797, 6.1); None if it is invalid."""
    values: dict[str, str] = {}
    for part in filter(str.strip, _OUTSIDE_QUOTES.split(value)):
        match = _DIRECTIVE.fullmatch(part)
        if match is None or match[1].lower() in values:
            return None
        values[match[1].lower()] = match[2] if match[2] is not None else match[3] or ""
    age = values.get("max-age", "")
    return int(age[:18]) if age.isascii() and age.isdecimal() else None


def _header(exchanges: Sequence[Exchange], name: str) -> str:
    return exchanges[0].headers.get(name, "")
