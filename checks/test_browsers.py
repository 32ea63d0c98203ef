"""What browsers make of the service's replies: its cookies, who may read them, where they are sent from port 80."""

import re
from collections.abc import Collection, Sequence
from urllib.parse import urlsplit

import pytest

from gonogo.base.comparing import decided, nothing, shown, so
from gonogo.environment.model import Environment
from gonogo.evidence.http import Exchange, PlainHttpEvidence, ServiceEvidence
from gonogo.families.dns.section import Dns
from gonogo.families.http.section import Http

_REDIRECTS = {301, 302, 303, 307, 308}
_REMOVED = re.compile(r";\s*(?:max-age\s*=\s*(?:0|-\d+)\s*(?:;|$)|expires\s*=[^;]*\b(?:19\d\d|200\d)\b)", re.IGNORECASE)
"""A cookie that is taken back: what matters is gone already."""
_SESSION = re.compile(r"sess|\bsid\b|auth|token|jwt|login|remember|\buser|identity", re.IGNORECASE)
_AGAINST_FORGERY = re.compile(r"csrf|xsrf", re.IGNORECASE)


@pytest.mark.check("http-session-cookies")
def test_sessions_cannot_be_stolen(service: ServiceEvidence) -> None:
    """A session cookie without Secure and HttpOnly can be read in transit, and by any script in the page.

    Fix: Set-Cookie: NAME=…; Secure; HttpOnly; SameSite=Lax
    """
    cookies = _cookies(service)
    decided("cookies that were looked at", len(cookies), "any number")
    for exchange, name, attributes in cookies:
        if _SESSION.search(name) and not _AGAINST_FORGERY.search(name):
            missing = [wanted for wanted in ("Secure", "HttpOnly") if wanted.lower() not in attributes]
            assert nothing(missing, "Secure or HttpOnly that sessions lack"), (
                f"{_setter(exchange)} the cookie {name} without {' and '.join(missing)}"
            )


@pytest.mark.check("http-cookies")
def test_cookies_stay_where_they_belong(service: ServiceEvidence) -> None:
    """A cookie without Secure or SameSite is also sent without TLS, or with requests from other sites.

    Fix: Set-Cookie: NAME=…; Secure; SameSite=Lax
    """
    cookies = _cookies(service)
    decided("cookies that were looked at", len(cookies), "any number")
    for exchange, name, attributes in cookies:
        missing = [wanted for wanted in ("Secure", "SameSite") if wanted.lower() not in attributes]
        assert nothing(missing, "Secure or SameSite that cookies lack"), (
            f"{_setter(exchange)} the cookie {name} without {' and '.join(missing)}"
        )


@pytest.mark.check("http-origins")
def test_foreign_pages_read_nothing(service: ServiceEvidence, environment: Environment) -> None:
    """An API that lets pages of any origin read its replies lets any site act as the user who visits it.

    Fix: answer Access-Control-Allow-Origin with one of the declared origins, or not at all; never repeat the Origin that was sent.
    """
    section = environment.section(Http)
    declared = section.origins if section else ()
    for answer in service.origins:
        echoed = answer.allowed.strip() == answer.origin
        with_cookies = answer.credentials.strip() == "true"
        assert so(
            not (echoed and (with_cookies or declared)), f"page of {answer.origin}", "reads nothing", "may read"
        ), (
            f"{service.connections[0].exchange.url} lets pages of {answer.origin} read its replies"
            f"{', with the cookies of the user' if with_cookies else ''}"
        )


@pytest.mark.check("http-plain-declared")
def test_redirects_lead_to_declared_names(plain_http: PlainHttpEvidence, environment: Environment) -> None:
    """A redirect to an undeclared name leads users to a server that nobody checked.

    Fix: declare it, as [hosts."www.example.com"], or redirect to the name that was asked for.
    """
    dns = environment.section(Dns)
    declared = {*environment.hosts, *(dns.names if dns else ())}
    for exchange in plain_http.exchanges:
        if exchange.status in _REDIRECTS:
            target = _host_of(exchange.headers.get("location", ""))
            assert shown(not target or target in declared, "redirect to", target, "a declared name"), (
                f"{exchange.url} redirects to {target}, which is not declared, so it was not checked"
            )


def _setter(exchange: Exchange) -> str:
    return f"{exchange.url}{f', or the redirect to it from {exchange.hops[0]},' if exchange.hops else ''} sets"


def _cookies(service: ServiceEvidence) -> Sequence[tuple[Exchange, str, Collection[str]]]:
    """Every cookie that was set, its name, and the names of its attributes."""
    exchanges = [service.front, *(answer.exchange for answer in (*service.connections[:1], *service.pages))]
    lines = [
        (exchange, cookie.split(";"))
        for exchange in exchanges
        for cookie in exchange.cookies
        if not _REMOVED.search(cookie)
    ]
    return [
        (exchange, name.strip(), {part.partition("=")[0].strip().lower() for part in attributes})
        for exchange, (name, *attributes) in lines
    ]


def _host_of(url: str) -> str:
    """The host of what somebody else calls a URL; empty if there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
