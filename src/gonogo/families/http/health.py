"""Reads health pages in the dialects that services speak.

application/health+json, Spring Boot, ASP.NET, MicroProfile, NestJS terminus, django-health-check, Kubernetes, and the
plain words of everybody else. A part that is down anywhere in the document is down, however deep.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import dropwhile
from typing import Any

from gonogo.clients.exchanges import Body
from gonogo.evidence.http import HealthPart, HealthReading, Meaning
from gonogo.families.http.answers import is_html
from gonogo.families.http.bodies import Quote, SaidTwice, read_json
from gonogo.families.http.health_parts import (
    IDENTITY,
    STATES,
    Part,
    bare_parts,
    errors_of,
    parts,
    parts_of_list,
    state_of,
    written_of,
)
from gonogo.families.http.health_words import meaning_of, meaning_of_sentence

_MESSAGES = ("message", "msg")
"""Keys of a sentence, which counts if it is a word of health."""
_LINES = re.compile(r"^\[([+-])\]([\w./-]{1,100})\s{0,3}(.{0,100})$", re.MULTILINE)
"""Lines of Kubernetes' verbose health pages: ``[+]etcd ok``."""
_OF_HEALTH = re.compile(r"health|<h1[^>]{0,200}>\s{0,20}System status\b", re.IGNORECASE)
_TAGS = re.compile(r"<[^>]{0,1000}>")
_PAGES = (
    re.compile(r"<body style=\"background-color: (green|red)\">\s{0,20}</body>"),
    re.compile(r"<h1>200 (OK)</h1>\s{0,20}Service ready\.\s"),
    re.compile(r"\bApplication\s{1,200}(up|experiencing problems)\b(?=.{1,2000}?HTTP request received\.)", re.DOTALL),
)
"""Of Rails and Laravel (``/up``), and of HAProxy (``monitor-uri``)."""
_MOST_PARTS = 20_000
_KEPT = 100


def read_health(body: Body, quote: Quote) -> HealthReading:
    """Read the page. The status of the reply is no part of the result."""
    if body.exchange.status is None or body.exchange.truncated:
        return HealthReading(word="", meaning=Meaning.UNKNOWN)
    try:
        document = read_json(body.text)
    except SaidTwice as twice:
        return HealthReading(word=quote(f"(JSON that says {twice} twice)") or "", meaning=Meaning.UNKNOWN)
    except (ValueError, RecursionError):
        return _read_text(body, quote)
    match document:
        case dict():
            return _read_object(document, quote)
        case list():
            return _reading("", Meaning.UNKNOWN, list(parts_of_list(document, "", 0)), (), quote)
        case _:
            return _reading(json.dumps(document), meaning_of(document), [], (), quote)


def _read_text(body: Body, quote: Quote) -> HealthReading:
    """Return what a body that is no JSON object says of health: a word, a page, or lines as Kubernetes writes them."""
    text = body.text.strip()
    if not text:
        return HealthReading(word="(an empty body)", meaning=Meaning.PASS)
    if "json" in body.exchange.headers.get("content-type", ""):
        return HealthReading(word="(JSON that does not parse)", meaning=Meaning.FAIL)
    if is_html(body) and "<" in text:  # a bare word is sent as text/html by Flask, Bottle and PHP
        return _read_html(text, quote)
    if lines := [(name, word or sign, _sign(sign)) for sign, name, word in _LINES.findall(text)]:
        last = text.splitlines()[-1]
        return _reading(last, meaning_of_sentence(last), lines, (), quote)
    return _read_lines(text, quote)


def _read_lines(text: str, quote: Quote) -> HealthReading:
    """A word, or lines of a name and a word, as django-health-check gives them to whoever asks for plain text."""
    if text.startswith(("{", "[")):
        return _reading("(JSON that does not parse)", Meaning.UNKNOWN, [], (), quote)
    if "\n" not in text and ((meaning := meaning_of_sentence(text)) is not Meaning.UNKNOWN or ": " not in text):
        return _reading(text, meaning, [], (), quote)
    pairs = [line.rpartition(": ") for line in text.splitlines() if line.strip()]
    if not all(separator for _, separator, _ in pairs):
        return _reading(text, Meaning.UNKNOWN, [], (), quote)
    words = [(name, word, meaning_of_sentence(word)) for name, _, word in pairs]
    named = [part for part in words if part[2] is not Meaning.UNKNOWN or "(" in part[0] or not IDENTITY.search(part[0])]
    return _reading("", Meaning.UNKNOWN, named, (), quote)


def _sign(sign: str) -> Meaning:
    return Meaning.PASS if sign == "+" else Meaning.FAIL


def _read_html(text: str, quote: Quote) -> HealthReading:
    """The pages of frameworks and of django-health-check; any other page for people says nothing of health."""
    for page in _PAGES:
        if match := page.search(text):
            return _reading(match[1], meaning_of_sentence(match[1]), [], (), quote)
    words = [(name, word, meaning_of_sentence(word)) for name, word in _rows(text[: 256 * 1024])]
    understood = [part for part in words if part[2] is not Meaning.UNKNOWN]
    if not _OF_HEALTH.search(text) or not understood:
        return HealthReading(word="", meaning=Meaning.UNKNOWN)
    named: list[Part] = [
        (name, word, Meaning.FAIL if meaning is Meaning.UNKNOWN else meaning) for name, word, meaning in words
    ]
    return _reading("", Meaning.UNKNOWN, named, (), quote)


def _rows(text: str) -> Iterator[tuple[str, str]]:
    """Name and word of each row of a table; django-health-check 3 has a column of icons before them."""
    for row in text.split("<tr")[1:]:
        cells = (cell.partition(">")[2].partition("</td")[0] for cell in row.partition("</tr")[0].split("<td")[1:])
        worded = dropwhile(lambda cell: not any(map(str.isalnum, cell)), map(_shown, cells))
        name, word = next(worded, ""), next(worded, None)
        if name and word is not None:
            yield name, word


def _shown(cell: str) -> str:
    return html.unescape(" ".join(_TAGS.sub(" ", cell).split()))


def _read_object(document: Mapping[str, Any], quote: Quote) -> HealthReading:
    """Return what a JSON object says of health: its own word, else a message, and the words of its parts."""
    key, value = state_of(document, STATES)
    meaning = meaning_of(value)
    if key == "":
        key, value = next(
            ((name, document[name]) for name in _MESSAGES if isinstance(document.get(name), str)), ("", "")
        )
        meaning = meaning_of_sentence(value) if key else Meaning.UNKNOWN
    if not key and document.keys() == {"uptime"} and isinstance(document["uptime"], int | float):
        key, value, meaning = (
            "uptime",
            "(uptime alone)",
            Meaning.PASS,
        )  # of express-healthcheck, and nothing where it is ill
    everything = parts(document)
    if meaning is Meaning.UNKNOWN and key not in STATES:
        everything += bare_parts(document, [path for path, _, _ in everything])
    word = value if isinstance(value, str) else json.dumps(value) if key else ""
    return replace(_reading(word, meaning, everything, errors_of(document, quote), quote), written=written_of(document))


def _reading(
    word: str, meaning: Meaning, everything: list[Part], errors: tuple[str, ...], quote: Quote
) -> HealthReading:
    """Reads with the worst meaning of each path; parts alone speak for the whole where it says nothing itself."""
    worst: dict[str, HealthPart] = {}
    for path, part_word, own in everything[:_MOST_PARTS]:
        before = worst.get(path)
        if before is None or _RANK[own] > _RANK[before.meaning]:
            worst[path] = HealthPart(word=quote(part_word) or "nothing", meaning=own)
    if meaning is Meaning.UNKNOWN and not word and any(part.meaning is Meaning.PASS for part in worst.values()):
        meaning = Meaning.PASS
    ordered = sorted(worst.items(), key=lambda item: -_RANK[item[1].meaning])
    kept = {quote(path) or "": part for path, part in ordered[:_KEPT]}
    return HealthReading(word=quote(word) or "", meaning=meaning, parts=kept, parts_total=len(worst), errors=errors)


_RANK = {Meaning.PASS: 0, Meaning.UNKNOWN: 1, Meaning.WARN: 2, Meaning.FAIL: 3}
