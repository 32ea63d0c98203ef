"""Tells well-known kinds of page by their content: a login form, a maintenance page, an environment file."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from gonogo.clients.exchanges import Body
from gonogo.evidence.marks import (
    ACTUATOR,
    CHALLENGE,
    DEBUG,
    DEFAULT_PAGE,
    DUMP,
    ENVIRONMENT,
    GIT,
    LISTING,
    LOGIN,
    MAINTENANCE,
    PASSWORD_URL,
    PHP,
    PRIVATE_KEY,
    STACK_TRACE,
    STATUS,
)

_READ_CHARACTERS = 64 * 1024
_SHORT_CHARACTERS = 600
"""Length of a page's visible text up to which it is short: an article about maintenance is longer."""
_CHANGING = re.compile(r"[A-Za-z0-9_+/=-]{16,}|\d+")
_TAG = re.compile(
    r"<script\b.{0,60000}?</script>|<style\b.{0,60000}?</style>|<[^>]{0,2000}>", re.DOTALL | re.IGNORECASE
)
# Every repetition is bounded: a megabyte of x must not cost a minute of backtracking.
_PAGES: Mapping[str, re.Pattern[str]] = {
    CHALLENGE: re.compile(
        r"<title>Just a moment\.\.\.|/cdn-cgi/challenge-platform/|_Incapsula_Resource|Incapsula incident ID"
        r"|captcha-delivery\.com|px-captcha|sucuri_cloudproxy_js|DDoS-Guard|awsWafCookieDomainList|AwsWafIntegration"
        r"|class=[\"'][^\"']{0,80}(?:g-recaptcha|h-captcha|cf-turnstile)",
        re.IGNORECASE,
    ),
    LOGIN: re.compile(r"<input\b[^>]{0,400}\btype\s{0,3}=\s{0,3}[\"']?password\b", re.IGNORECASE),
    DEFAULT_PAGE: re.compile(
        r"Welcome to nginx!|Welcome to OpenResty!|Apache2 (?:Debian|Ubuntu) Default Page|<h1>It works!</h1>"
        r"|<title>IIS Windows Server|Test Page for the (?:Apache|Nginx|HTTP) |<title>Apache Tomcat/"
        r"|Your web server is working|<title>Caddy works!|<title>HTTP Server Test Page",
        re.IGNORECASE,
    ),
}
_MAINTENANCE = re.compile(
    r"\bmaintenance\b|\bbe (?:right )?back (?:soon|shortly)\b|\btemporarily (?:unavailable|closed|offline)\b"
    r"|\bunder construction\b|\bback online\b",
    re.IGNORECASE,
)
_CONTENTS: Mapping[str, re.Pattern[str]] = {
    ENVIRONMENT: re.compile(r"^(?:export[ ]{1,4})?[A-Z][A-Z0-9_]{1,60}[ ]{0,2}=", re.MULTILINE),
    GIT: re.compile(r"\Aref: refs/|^\[core\]\s|^\trepositoryformatversion|\A[0-9a-f]{40}\s{0,2}\Z", re.MULTILINE),
    PHP: re.compile(r"<title>PHP \d|phpinfo\(\)</title>|PHP Version </td>"),
    STATUS: re.compile(r"<title>Apache Status|Apache Server Status for|\AActive connections: \d{1,9} ?\s"),
    ACTUATOR: re.compile(r"\"(?:propertySources|systemProperties|activeProfiles|systemEnvironment)\""),
    DUMP: re.compile(
        r"^-- (?:MySQL|MariaDB|PostgreSQL|SQLite).{0,40}dump|^CREATE TABLE |^INSERT INTO ", re.MULTILINE | re.IGNORECASE
    ),
    DEBUG: re.compile(
        r"Werkzeug Debugger|You're seeing this error because you have <code>DEBUG = True|Symfony Profiler"
        r"|<title>[^<]{0,80}(?:debug|Debug)[^<]{0,80}</title>"
    ),
    LISTING: re.compile(r"<title>(?:Index of /|Directory listing for /)"),
}
_OF_TEXT = {ENVIRONMENT, DUMP, GIT}
"""What a page for people may quote."""
SUSPICIOUS: Mapping[str, re.Pattern[str]] = {
    PASSWORD_URL: re.compile(r"\b[a-z][a-z0-9+]{1,20}://[^\s/:@\"']{0,100}:[^\s/@\"']{1,200}@", re.IGNORECASE),
    STACK_TRACE: re.compile(
        r"Traceback \(most recent call last\)|\bat [\w$.]{1,200}\([\w.]{1,200}:\d{1,9}(?::\d{1,9})?\)"
    ),
    PRIVATE_KEY: re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----"),
}


def described(body: Body, path: str) -> Body:
    """The answer, with the words by which its content is recognised."""
    if body.exchange.status is None:
        return body
    text = body.text[:_READ_CHARACTERS]
    marks = (*_marks(body, text), *([CHALLENGE] if _challenged(body) else []))
    exchange = replace(body.exchange, digest=_digest(text, path), marks=tuple(dict.fromkeys(marks)))
    return replace(body, exchange=exchange)


def visible_text(html: str) -> str:
    """The text that a reader of the page sees."""
    return " ".join(_TAG.sub(" ", html[:_READ_CHARACTERS]).split())


def is_html(body: Body) -> bool:
    """Whether the body is a page for people."""
    return "html" in body.exchange.headers.get("content-type", "").lower() or body.text[:300].lstrip().startswith("<")


def _marks(body: Body, text: str) -> Iterator[str]:
    html = is_html(body)
    if html:
        yield from (name for name, pattern in _PAGES.items() if pattern.search(text))
        shown = visible_text(text)
        if len(shown) <= _SHORT_CHARACTERS and _MAINTENANCE.search(shown):
            yield MAINTENANCE
    for name, pattern in (*_CONTENTS.items(), *SUSPICIOUS.items()):
        if pattern.search(text) and not (html and name in _OF_TEXT):
            yield name


def _challenged(body: Body) -> bool:
    headers = body.exchange.headers
    return "challenge" in headers.get("cf-mitigated", "") or bool(headers.get("x-amzn-waf-action"))


def _digest(text: str, path: str) -> str:
    """Two pages that differ in what was asked for, in numbers and in nonces only, have the same."""
    for requested in sorted({path, urlsplit(path).path.strip("/")} - {"", "/"}, key=len, reverse=True):
        text = text.replace(requested, "")
    return hashlib.sha256(_CHANGING.sub("", text).encode("utf-8", "replace")).hexdigest()[:32]
