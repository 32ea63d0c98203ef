"""Lists that come in pages: the API itself says whether there is one more, and how many items there are."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from gonogo.base.errors import Unobserved
from gonogo.clients.json_api import ApiReply, JsonSession, mapping, objects, text, whole

PAGE_SIZE = 100
_MOST_PAGES = 50
_SENTRY_NEXT = re.compile(r'rel="next"; results="true"; cursor="([^"]{1,100})"')
_NEXT = re.compile(r'<([^<>]{1,2000})>[^<]*;\s*rel="?next\b')
_SMALLER_PAGE = 50
"""Of lists whose items hold long texts: an answer is read to its bound."""
Query = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPage:
    """One page of a list."""

    items: Sequence[Any]
    following: Query | None
    """Query parameters of the next page; None on the last one."""
    total: int | None = None
    """Number of items of the whole list, where the API counts them."""


Reader = Callable[[ApiReply, Query], ApiPage | None]
"""Reads a page from a reply, given the query that it answers; None for what is no page."""


async def read_pages(
    session: JsonSession, path: str, first: Query, read: Reader, *, right: str
) -> list[dict[str, Any]]:
    """All objects of a list. Raises Unobserved unless all of them came, or if there is no such list."""
    collected = await find_pages(session, path, first, read, right=right)
    if collected is None:
        raise Unobserved(f"{session.api.name} at {session.api.base} has no {path}", hint=f"is {session.api.key} right?")
    return collected


async def find_pages(
    session: JsonSession, path: str, first: Query, read: Reader, *, right: str
) -> list[dict[str, Any]] | None:
    """All objects of a list; None if there is no such list. Raises Unobserved unless all of them came."""
    api, collected, query = session.api, list[dict[str, Any]](), first
    for _ in range(_MOST_PAGES):
        reply = await session.ask("GET", f"{path}?{urlencode(query)}" if query else path)
        if session.read(reply, path, right) is None:
            return None
        page = read(reply, query)
        if page is None or len(objects(page.items)) != len(page.items):
            raise Unobserved(f"{api.name} at {api.base} gave no list at {path}", hint=f"is {api.key} right?")
        collected += objects(page.items)
        if page.following is None:
            if page.total is not None and page.total > len(collected):
                reason = f"{api.name} at {api.base} gave {len(collected)} of the {page.total} items of {path}"
                raise Unobserved(reason, hint=f"run it again; see {api.status_page}")
            return collected
        query = page.following
    raise Unobserved(f"{api.name} at {api.base}: {path} has more than {_MOST_PAGES} pages")


def digitalocean_pages(items: str) -> tuple[Query, Reader]:
    """Lists of DigitalOcean: ``links.pages.next`` leads to the next page, ``meta.total`` counts."""

    def read(reply: ApiReply, query: Query) -> ApiPage | None:
        document = mapping(reply.document)
        listed = document.get(items)
        if not isinstance(listed, list):
            return None
        link = text(mapping(mapping(document.get("links")).get("pages")).get("next"))
        following = _query_of(link) or _next_number(query, "page", listed, linked="links" in document)
        return ApiPage(items=listed, following=following, total=whole(mapping(document.get("meta")).get("total")))

    return {"per_page": str(PAGE_SIZE), "page": "1"}, read


def atlas_pages() -> tuple[Query, Reader]:
    """Lists of Atlas: the link ``next`` leads to the next page, ``totalCount`` counts."""

    def read(reply: ApiReply, query: Query) -> ApiPage | None:
        document = mapping(reply.document)
        listed = document.get("results")
        if not isinstance(listed, list):
            return None
        links = objects(document.get("links"))
        link = next((text(link.get("href")) for link in links if link.get("rel") == "next"), "")
        following = _query_of(link) or _next_number(query, "pageNum", listed, linked=bool(links))
        return ApiPage(items=listed, following=following, total=whole(document.get("totalCount")))

    return {"itemsPerPage": str(PAGE_SIZE), "pageNum": "1"}, read


def sentry_pages(**query: str) -> tuple[Query, Reader]:
    """Lists of Sentry: the header Link holds a cursor, and says whether anything comes after it."""

    def read(reply: ApiReply, query: Query) -> ApiPage | None:
        if not isinstance(reply.document, list):
            return None
        cursor = _SENTRY_NEXT.search(reply.headers.get("link", ""))
        return ApiPage(items=reply.document, following={**query, "cursor": cursor[1]} if cursor else None)

    return query, read


def link_pages(**query: str) -> tuple[Query, Reader]:
    """Lists of GitHub and GitLab: the header Link leads to the next page (RFC 8288)."""

    def read(reply: ApiReply, query: Query) -> ApiPage | None:
        if not isinstance(reply.document, list):
            return None
        link = _NEXT.search(reply.headers.get("link", ""))
        following = _query_of(link[1]) if link else None
        return ApiPage(items=reply.document, following={**query, **following} if following else None)

    return {**query, "per_page": str(_SMALLER_PAGE)}, read


def _query_of(link: str) -> Query | None:
    """The query of a link. Its host and path are not followed: the token is for this API only."""
    return dict(parse_qsl(urlsplit(link).query)) or None


def _next_number(query: Query, name: str, listed: Sequence[Any], *, linked: bool) -> Query | None:
    """The next page by its number, where an API sends no links at all and this page is full."""
    if linked or len(listed) < PAGE_SIZE:
        return None
    return {**query, name: str(int(query.get(name, "1")) + 1)}


def pagerduty_pages(items: str, query: Query) -> tuple[Query, Reader]:
    """Lists of PagerDuty: ``more`` says that there is a next page, ``offset`` leads to it."""

    def read(reply: ApiReply, query: Query) -> ApiPage | None:
        document = mapping(reply.document)
        listed = document.get(items)
        if not isinstance(listed, list):
            return None
        offset, more = int(query["offset"]) + len(listed), document.get("more") is True
        following = {**query, "offset": str(offset)} if more and listed else None
        # More that does not come is a list that is not whole.
        return ApiPage(items=listed, following=following, total=offset + 1 if more and not listed else None)

    return {**query, "limit": str(PAGE_SIZE), "offset": "0"}, read
