"""Collects the words by which a service names the release that it runs."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gonogo.clients.exchanges import Body
from gonogo.evidence.http import ReleaseWord
from gonogo.families.http.asking import RELEASE_HEADERS
from gonogo.families.http.bodies import Quote, read_json
from gonogo.families.http.declared import is_missing, value_at
from gonogo.families.http.metrics import build_labels, read_scrape
from gonogo.families.http.section import ReleasePlace

_KEYS = (
    *("release", "releaseId", "release_id", "commit", "commitId", "commit_id", "commitHash", "commit_hash", "sha"),
    *("git_sha", "gitSha", "git_commit", "gitCommit", "revision", "rev", "image"),
    *("git.commit", "git.commit.id", "git.commit.id.abbrev", "git.sha", "build.commit", "build.release", "app.release"),
    *("info.release", "info.commit", "service.release"),
)
"""Where in a JSON body releases stand."""
_UNCERTAIN_KEYS = (
    *("version", "build.version", "app.version", "info.version", "service.version", "serviceVersion"),
    *("build", "buildId", "build_id"),
)
"""The same; but this may well be the version of the API, or the number of a build."""
PATHS = ("/version", "/__version__", "/actuator/info", "/info", "/version.json", "/api/version")
"""Pages that tell the release where health does not."""
_META = re.compile(
    r"<meta\s[^>]{0,200}\bname=[\"'](?:release|version|revision|commit|build)[\"'][^>]{0,200}\bcontent=[\"']([^\"']{1,200})"
    r"|\bdata-(?:release|commit|revision)=[\"']([^\"']{1,200})",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"\s{0,20}([A-Za-z0-9][\w.+@/:-]{2,150})\s{0,20}")
_UNTOLD = re.compile(r"unknown|\(devel\)|none|null|nil|undefined|n/?a|not[ _-]set|\$.*|\{\{.*|@.*@|%.*%", re.IGNORECASE)
"""What stands where nobody filled a release in."""
_MOST_META = 5


def usual_words(body: Body, path: str, quote: Quote) -> tuple[ReleaseWord, ...]:
    """The words in the usual places of a reply: keys of its JSON, headers, and tags of its HTML."""
    if body.exchange.status is None:
        return ()
    places = [*_in_json(body), *_in_headers(body, RELEASE_HEADERS), *_in_html(body)]
    words = (
        ReleaseWord(where=f"{name} of {path}", value=text, certain=certain)
        for name, value, certain in places
        if (text := _text(value, quote))
    )
    return tuple(dict.fromkeys(words))


def plain_word(body: Body, path: str, quote: Quote) -> tuple[ReleaseWord, ...]:
    """The body itself, of a page that holds nothing but a release."""
    match = _PLAIN.fullmatch(body.text[:200]) if body.exchange.ok else None
    return (ReleaseWord(where=path, value=quote(match[1]) or ""),) if match else ()


def declared_words(place: ReleasePlace, body: Body, path: str, quote: Quote) -> tuple[ReleaseWord, ...]:
    """The word at the declared place."""
    places: Iterable[tuple[str, object]]
    if place.header:
        places = [(place.header, body.exchange.headers.get(place.header.lower()))]
    elif place.label:
        places = [(place.label, build_labels_of(body).get(place.label))]
    elif place.key:
        places = [(place.key, value_at(_document(body), place.key))]
    else:
        words = (*usual_words(body, path, quote), *plain_word(body, path, quote))
        return tuple(ReleaseWord(where=word.where, value=word.value, declared=True) for word in words)
    return tuple(
        ReleaseWord(where=f"{name} of {path}", value=text, declared=True)
        for name, value in places
        if not is_missing(value) and (text := _text(value, quote))
    )


def build_labels_of(body: Body) -> Mapping[str, str]:
    """The labels of a scrape that name a build; any metric's, if the environment names it."""
    scrape, _ = read_scrape(body)
    labels = {f"{sample.name}.{label}": value for sample in scrape.samples for label, value in sample.labels.items()}
    return {**labels, **build_labels(scrape)}


def metric_words(body: Body, path: str, quote: Quote) -> tuple[ReleaseWord, ...]:
    """The labels of ``*_build_info`` that are words of a release."""
    scrape, _ = read_scrape(body)
    wanted = {"version": False, "release": True, "revision": True, "commit": True, "sha": True}
    return tuple(
        ReleaseWord(where=f"{name} of {path}", value=text, certain=wanted[label])
        for name, value in build_labels(scrape).items()
        if (label := name.rpartition(".")[2]) in wanted and (text := _text(value, quote))
    )


def _in_json(body: Body) -> Iterator[tuple[str, object, bool]]:
    """Values of the keys that usually hold a release, and whether the key leaves no doubt."""
    document = _document(body)
    if not isinstance(document, dict):
        return
    for keys, certain in ((_KEYS, True), (_UNCERTAIN_KEYS, False)):
        for key in keys:
            value = value_at(document, key)
            if not is_missing(value) and isinstance(value, str | int):
                yield key, value, certain


def _in_headers(body: Body, names: Iterable[str]) -> Iterator[tuple[str, object, bool]]:
    for name in names:
        if name in body.exchange.headers:
            yield name, body.exchange.headers[name], "version" not in name


def _in_html(body: Body) -> Iterator[tuple[str, object, bool]]:
    text = body.text[: 64 * 1024]
    if "<" in text[:300]:
        for match in list(_META.finditer(text))[:_MOST_META]:
            yield "HTML", match[1] or match[2], False


def _document(body: Body) -> Any:  # noqa: ANN401 - any JSON value
    if body.exchange.truncated or body.exchange.status is None:
        return None
    try:
        return read_json(body.content)
    except (ValueError, RecursionError):
        return None


def _text(value: object, quote: Quote) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, str) and _UNTOLD.fullmatch(value.strip()):
        return None
    return quote(value if isinstance(value, str) else f"{value:d}"[:100]) or None
