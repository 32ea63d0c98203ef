"""Reads health pages in the dialects that services speak.

application/health+json, Spring Boot, ASP.NET, MicroProfile, NestJS terminus, django-health-check, Kubernetes, and the
plain words of everybody else. A part that is down anywhere in the document is down, however deep.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.clients.http import Body
from gonogo.evidence.http import HealthPart, HealthReading, Meaning
from gonogo.families.http.answers import is_html
from gonogo.families.http.bodies import Quote, SaidTwice, read_json
from gonogo.families.http.health_words import meaning_of, meaning_of_sentence

_STATES = ("status", "health", "healthy", "state", "ok", "success", "up", "alive", "live", "available", "result")
"""Keys under which a document says how it is, the surest first."""
_PART_STATES = ("status", "health", "healthy", "state", "ok", "success", "up", "alive", "connected", "reachable")
"""Keys under which one part of the service tells its state."""
_DENYING = {"status", "health", "healthy", "state", "ok", "success", "up", "alive"}
"""The former keys that speak of health and of nothing else: ``"live": false`` may be a mode."""
_MESSAGES = ("message", "msg")
"""Keys of a sentence, which counts if it is a word of health."""
_CONTAINERS = {"dependencies", "checks", "components", "services", "entries", "results", "subsystems"}
"""Keys whose own keys are names of parts."""
_WRAPPERS = {"info", "details", "error", "data"}
"""Keys below which parts stand, beside much else."""
_SURELY_DOWN = {"down", "unhealthy", "unavailable", "disconnected", "unreachable", "offline", "failed", "timeout"}
"""Words that mean one thing, wherever they stand."""
_IDENTITY = re.compile(
    r"version|commit|release|revision|build|sha|name|service|app|uptime|time|date|host|env|region|instance|id|pid"
    r"|description|message|node|branch|tag|cluster|number|hash|docs|url|duration",
    re.IGNORECASE,
)
"""Keys of what is told beside health."""
_TRUTHS = {"ok", "up", "healthy", "alive", "live", "available", "connected", "reachable", "success"}
"""Keys under which 1 and 0 are yes and no."""
_NAMES = ("name", "id", "component", "checkid")
_ERRORS = ("errors", "error", "failures", "problems", "failed", "failing", "unhealthy", "down", "unavailable", "alarms")
_LINES = re.compile(r"^\[([+-])\]([\w./-]{1,100})\s{0,3}(.{0,100})$", re.MULTILINE)
"""Lines of Kubernetes' verbose health pages: ``[+]etcd ok``."""
_ROWS = re.compile(
    r"<tr\b[^>]{0,200}>\s{0,200}<td\b[^>]{0,200}>(.{1,400}?)</td>\s{0,200}<td\b[^>]{0,200}>(.{1,400}?)</td>", re.DOTALL
)
_TAGS = re.compile(r"<[^>]{0,1000}>")
_RAILS = re.compile(r"<body style=\"background-color: (green|red)\">\s{0,20}</body>")
_DEEPEST = 30
_MOST_PARTS = 20_000
_KEPT = 100
_NOTHING = HealthPart(word="nothing", meaning=Meaning.FAIL)
Part = tuple[str, str, Meaning]
"""Path, word, meaning."""


def read_health(body: Body, quote: Quote) -> HealthReading:
    """Read the page. The status of the reply is no part of the result."""
    if body.exchange.status is None or body.exchange.truncated:
        return HealthReading(word="", meaning=Meaning.UNKNOWN)
    try:
        document = read_json(body.content)
    except SaidTwice as twice:
        return HealthReading(word=quote(f"(JSON that says {twice} twice)") or "", meaning=Meaning.UNKNOWN)
    except (ValueError, RecursionError):
        return _read_text(body, quote)
    match document:
        case dict():
            return _read_object(document, quote)
        case list():
            return _reading("", Meaning.UNKNOWN, list(_parts_of_list(document, "", 0)), (), quote)
        case _:
            return _reading(json.dumps(document), meaning_of(document), [], (), quote)


def _read_text(body: Body, quote: Quote) -> HealthReading:
    """What a body that is no JSON object says of health: a word, a page, or lines as Kubernetes writes them."""
    text = body.text.strip()
    if not text:
        return HealthReading(word="(an empty body)", meaning=Meaning.PASS)
    if "json" in body.exchange.headers.get("content-type", ""):
        return HealthReading(word="(JSON that does not parse)", meaning=Meaning.FAIL)
    if is_html(body) and "<" in text:  # a bare word is sent as text/html by Flask, Bottle and PHP
        return _read_html(text, quote)
    lines = [(name, word or sign, _sign(sign)) for sign, name, word in _LINES.findall(text)]
    if lines:
        last = text.splitlines()[-1]
        own = Meaning.PASS if last.endswith("passed") else Meaning.UNKNOWN
        return _reading(last, own, lines, (), quote)
    if "\n" in text:
        return _read_lines(text, quote)
    return _reading(text, meaning_of_sentence(text), [], (), quote)


def _read_lines(text: str, quote: Quote) -> HealthReading:
    """Lines of a name and a word, as django-health-check gives them to whoever asks for plain text."""
    pairs = [line.rpartition(": ") for line in text.splitlines() if line.strip()]
    if not all(separator for _, separator, _ in pairs):
        return _reading(text, Meaning.UNKNOWN, [], (), quote)
    words = [(name, word, meaning_of_sentence(word)) for name, _, word in pairs]
    parts = [
        part for part in words if part[2] is not Meaning.UNKNOWN or "(" in part[0] or not _IDENTITY.search(part[0])
    ]
    return _reading("", Meaning.UNKNOWN, parts, (), quote)


def _sign(sign: str) -> Meaning:
    return Meaning.PASS if sign == "+" else Meaning.FAIL


def _read_html(text: str, quote: Quote) -> HealthReading:
    """The pages of Rails (``/up``) and django-health-check; any other page for people says nothing of health."""
    if rails := _RAILS.search(text):
        return _reading(rails[1], meaning_of(rails[1]), [], (), quote)
    rows = [(_shown(name), _shown(word)) for name, word in _ROWS.findall(text[: 256 * 1024])]
    words = [(name, word, meaning_of_sentence(word)) for name, word in rows if name]
    understood = [part for part in words if part[2] is not Meaning.UNKNOWN]
    if "health" not in text.lower() or not understood:
        return HealthReading(word="", meaning=Meaning.UNKNOWN)
    parts: list[Part] = [
        (name, word, Meaning.FAIL if meaning is Meaning.UNKNOWN else meaning) for name, word, meaning in words
    ]
    return _reading("", Meaning.UNKNOWN, parts, (), quote)


def _shown(cell: str) -> str:
    return html.unescape(" ".join(_TAGS.sub(" ", cell).split()))


def _read_object(document: Mapping[str, Any], quote: Quote) -> HealthReading:
    """What a JSON object says of health: its own word, else a message, and the words of its parts."""
    key, value = _state(document, _STATES)
    meaning = meaning_of(value)
    if key == "":
        key, value = next(
            ((name, document[name]) for name in _MESSAGES if isinstance(document.get(name), str)), ("", "")
        )
        meaning = meaning_of(value) if key else Meaning.UNKNOWN
    elif meaning is not Meaning.FAIL and (denied := _denial(document)):
        value, meaning = f"{value}, but {denied} is {json.dumps(document[denied])}", Meaning.FAIL
    parts = list(_parts(document, "", 0))
    if meaning is Meaning.UNKNOWN and key not in _STATES:
        parts += _bare_parts(document, [path for path, _, _ in parts])
    word = value if isinstance(value, str) else json.dumps(value) if key else ""
    return _reading(word, meaning, parts, _errors(document, quote), quote)


def _denial(document: Mapping[str, Any]) -> str:
    """A key by which a document says that it is not well, whatever it says by a surer one; empty: by none."""
    return next(
        (
            name
            for name, value in document.items()
            if name.lower() in _DENYING and meaning_of(_state({name: value}, (name.lower(),))[1]) is Meaning.FAIL
        ),
        "",
    )


def _state(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, Any]:
    """The key that says how it is, and its value; in any case of letters."""
    lowered = {key.lower(): key for key in item if isinstance(key, str)}
    for key in keys:
        value = item.get(lowered.get(key, ""))
        if isinstance(value, str | bool | int):
            return key, bool(value) if key in _TRUTHS and value in (0, 1) else value
    return "", None


def _parts(
    item: Mapping[str, Any], path: str, depth: int, *, inside: bool = False, wrapped: bool = False
) -> Iterator[Part]:
    """Everything below that says how it is. ``inside`` a container every key names a part; ``told``: beside much else."""
    if depth > _DEEPEST:
        return
    numbered = inside and all(type(value) is int and value in (0, 1) for value in item.values())
    for key, value in item.items():
        name = key.lower()
        where = path if name in _CONTAINERS | _WRAPPERS and not inside else _joined(path, key)
        match value:
            case dict() if name in _CONTAINERS and not inside:
                yield from _parts(value, where, depth + 1, inside=True)
            case dict() if name in _WRAPPERS and not inside:
                yield from _parts(value, where, depth + 1, wrapped=True)
            case dict():
                yield from _part(value, where, depth, named=inside)
            case int() if numbered:
                yield where, str(value), meaning_of(bool(value))
            case list():
                yield from _parts_of_list(value, where, depth + 1)
            case str() | bool() | None if inside and name not in _PART_STATES:
                yield from _scalar(where, key, value)
            case str() if (path == "" or wrapped) and value.strip().lower() in _SURELY_DOWN and name not in _STATES:
                yield where, value, Meaning.FAIL


def _part(item: Mapping[str, Any], path: str, depth: int, *, named: bool) -> Iterator[Part]:
    """One thing, and what is below it. What a container names must say a word that is one, if it says any."""
    key, value = _state(item, _PART_STATES)
    own = meaning_of(value)
    if key and path and (named or own is not Meaning.UNKNOWN):
        yield path, str(value), own
    elif named and "status" in item:
        yield path, _NOTHING.word, _NOTHING.meaning
    yield from _parts(item, path, depth + 1)


def _parts_of_list(items: list[Any], path: str, depth: int) -> Iterator[Part]:
    """The parts in a list, by the name that each gives itself, else by its place."""
    if depth > _DEEPEST:
        return
    for number, item in enumerate(items):
        if isinstance(item, dict):
            texts = {key.lower(): value for key, value in item.items() if isinstance(value, str)}
            name = next((texts[key] for key in _NAMES if key in texts), "" if path else str(number))
            yield from _part(item, _joined(path, name) if name else path, depth, named=False)


def _scalar(path: str, key: str, value: str | bool | None) -> Iterator[Part]:  # noqa: FBT001 - a JSON value
    if value is None:
        yield path, _NOTHING.word, _NOTHING.meaning
    elif (own := meaning_of(value)) is not Meaning.UNKNOWN or not _IDENTITY.search(key):
        yield path, str(value), own


def _bare_parts(document: Mapping[str, Any], named: list[str]) -> list[Part]:
    """Parts without a container, as ``{"database": "ok", "version": "10.1"}`` and as django-health-check gives them."""
    texts = {key: value for key, value in document.items() if isinstance(value, str) and key not in named}
    words = [(key, value, meaning_of(value)) for key, value in texts.items() if not _IDENTITY.search(key) or "(" in key]
    understood = [part for part in words if part[2] is not Meaning.UNKNOWN]
    alone = len(texts) == len(document) == len(words)
    if alone and any(meaning is Meaning.PASS for _, _, meaning in understood):
        # Every key is a check: what is not called well is the text of its error.
        return [(key, word, Meaning.FAIL if own is Meaning.UNKNOWN else own) for key, word, own in words]
    return understood


def _errors(document: Mapping[str, Any], quote: Quote) -> tuple[str, ...]:
    listed = [item for key in _ERRORS for item in _listed(document.get(key))]
    return tuple(quote(text) or "" for text in listed[:10])


def _listed(value: object) -> list[str]:
    match value:
        case list():
            return [item if isinstance(item, str) else json.dumps(item)[:200] for item in value]
        case str() if value and meaning_of(value) is not Meaning.PASS:
            return [value]
        case _:
            return []


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _reading(word: str, meaning: Meaning, parts: list[Part], errors: tuple[str, ...], quote: Quote) -> HealthReading:
    """Reads with the worst meaning of each path; parts alone speak for the whole where it says nothing itself."""
    worst: dict[str, HealthPart] = {}
    for path, part_word, own in parts[:_MOST_PARTS]:
        before = worst.get(path)
        if before is None or _RANK[own] > _RANK[before.meaning]:
            worst[path] = HealthPart(word=quote(part_word) or "nothing", meaning=own)
    if meaning is Meaning.UNKNOWN and not word and any(part.meaning is Meaning.PASS for part in worst.values()):
        meaning = Meaning.PASS
    ordered = sorted(worst.items(), key=lambda item: -_RANK[item[1].meaning])
    kept = {quote(path) or "": part for path, part in ordered[:_KEPT]}
    return HealthReading(word=quote(word) or "", meaning=meaning, parts=kept, parts_total=len(worst), errors=errors)


_RANK = {Meaning.PASS: 0, Meaning.UNKNOWN: 1, Meaning.WARN: 2, Meaning.FAIL: 3}
