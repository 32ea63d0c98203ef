"""Holds the reply to a declared request against what makes it a page for people that somebody keeps up to date."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from gonogo.base.durations import format_duration
from gonogo.clients.exchanges import Body
from gonogo.evidence.marks import LOGIN
from gonogo.families.http.answers import is_html
from gonogo.families.http.bodies import http_date
from gonogo.families.http.page_text import PageText, read_page
from gonogo.families.requests.section import PageRule, RequestEntry

_LOGIN_PATH = re.compile(r"/(?:log-?in|sign-?in|sso|oauth2?|saml2?|auth)(?:/|$|\.)", re.IGNORECASE)
_UNFINISHED = re.compile(
    r"lorem ipsum|\[(?:your|insert|company|business name|website|contact e-?mail|effective date)\b[^\]\n]{0,60}\]",
    re.IGNORECASE,
)
"""What templates hold where somebody has to write something."""
_HARDLY_ANY = 100
"""Characters up to which a page with scripts may be one that they write."""
_SAME_MOMENT = timedelta(seconds=2)
_CLOCKS_DIFFER = timedelta(minutes=1)
_LONGEST = 80
_UNTOLD = "let the server send when the text was last changed as Last-Modified (RFC 9110, 8.8.2)"


def page_departures(entry: RequestEntry, body: Body) -> Iterator[str]:
    """In what a served reply is not the declared page."""
    if entry.page is None or not body.exchange.served:
        return
    where = urlsplit(body.exchange.url).path
    behind_login = LOGIN in body.exchange.marks
    if body.exchange.hops and (behind_login or _LOGIN_PATH.search(where)):
        yield "readers are sent to a login: whoever has no account sees no page"
        return
    kind = body.exchange.headers.get("content-type", "")
    if not is_html(body) or "html" not in (kind.lower() or "html"):
        yield f"an HTML page is expected, not {kind[:_LONGEST] or 'something without a Content-Type'!r}"
        return
    page = read_page(body.text, with_forms=not behind_login)
    yield from _text(entry.page, page, behind_login=behind_login, written=_written_by_scripts(body, page))


def _text(rule: PageRule, page: PageText, *, behind_login: bool, written: bool) -> Iterator[str]:
    if _folded(rule.title) not in _folded(page.title):
        yield f"the title is {page.title[:_LONGEST]!r}, {rule.title!r} is expected in it"
    if written:
        return
    if left := _UNFINISHED.search(page.text):
        yield f"the text is not finished: {left[0][:_LONGEST]!r} stands in it"
    if len(page.text) < rule.characters:
        around = " beside a login form" if behind_login else ""
        yield f"the page has {len(page.text)} characters of text{around}, at least {rule.characters} are expected"
    for words in rule.contains:
        if _folded(words) not in _folded(page.text):
            yield f"{words!r} does not stand in the text of the page"


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _written_by_scripts(body: Body, page: PageText) -> bool:
    return len(page.text) < _HARDLY_ANY and "<script" in body.text.lower()


def age_departures(entry: RequestEntry, body: Body, now: datetime) -> Iterator[str]:
    """The age of the text, where it is more than is declared."""
    changed = _changed(body)
    if entry.fresh and body.exchange.served and isinstance(changed, datetime) and now - changed > entry.fresh:
        yield (
            f"it was last changed on {changed:%Y-%m-%d}, {format_duration(now - changed)} ago, "
            f"and {format_duration(entry.fresh)} at most are declared"
        )


def unread(entry: RequestEntry, body: Body, now: datetime) -> Mapping[str, str]:
    """What could not be told of the page, each with what to do about it."""
    if not body.exchange.served:
        return {}
    reasons = dict[str, str]()
    if entry.page and _written_by_scripts(body, read_page(body.text)):
        reasons["its text is not in the page, but written by scripts, if at all"] = (
            "serve the text in the page, or walk it in a journey with a browser ([browser])"
        )
    if entry.fresh and (reason := _undated(body, now)):
        reasons[body.redactor.text(reason)] = _UNTOLD
    return reasons


def _changed(body: Body) -> datetime | str:
    """When the text was last changed; why nobody can tell, where the reply does not say so."""
    value = body.headers.get("last-modified")
    if value is None:
        return "it does not tell how old it is: there is no Last-Modified"
    try:
        return http_date(value)
    except (ValueError, TypeError, OverflowError):
        return f"its Last-Modified is no date: {value[:_LONGEST]!r}"


def _undated(body: Body, now: datetime) -> str:
    changed = _changed(body)
    if isinstance(changed, str):
        return changed
    if changed > now + _CLOCKS_DIFFER:
        return f"its Last-Modified lies in the future: {changed.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    answered = body.exchange.headers.get("date", "")
    try:
        made_now = abs(http_date(answered) - changed) <= _SAME_MOMENT
    except (ValueError, TypeError, OverflowError):
        made_now = False
    return "its Last-Modified is the moment of the answer, and not that of its text" if made_now else ""
