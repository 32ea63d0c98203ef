"""Finds what a health document in JSON says of itself, and of each of its parts, wherever it stands."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from gonogo.evidence.http import HealthPart, Meaning
from gonogo.families.http.bodies import Quote
from gonogo.families.http.health_words import meaning_of, meaning_of_sentence

STATES = (
    *("status", "health", "healthy", "ready", "state", "ok", "success", "up", "alive", "live", "available", "serving"),
    *("pong", "result"),
)
"""Keys under which a document says how it is, the surest first."""
_PART_STATES = (
    "status",
    "health",
    "healthy",
    "state",
    "ok",
    "success",
    "up",
    "alive",
    "connected",
    "reachable",
    "passed",
)
"""Keys under which one part of the service tells its state."""
_CONTRADICTING = {*_PART_STATES, "alive", "ready", "statuscode", "status_code"}
"""Keys that must not say no beside another one that says yes."""
_CONTAINERS = {"dependencies", "checks", "components", "services", "entries", "results", "subsystems"}
"""Keys whose own keys are names of parts."""
_WRAPPERS = {"info", "details", "error", "data"}
"""Keys below which parts stand, beside much else."""
_SURELY_DOWN = {"down", "unhealthy", "unavailable", "disconnected", "unreachable", "offline", "failed", "timeout"}
"""Words that mean one thing, wherever they stand."""
_STORES = {
    *("db", "database", "sql", "postgres", "postgresql", "pg", "mysql", "mariadb", "mongo", "mongodb", "redis"),
    *(
        "valkey",
        "rabbitmq",
        "amqp",
        "kafka",
        "nats",
        "elasticsearch",
        "opensearch",
        "cassandra",
        "clickhouse",
        "memcached",
    ),
    *("neo4j", "dynamodb", "minio", "ldap", "celery", "etcd", "zookeeper"),
}
"""Names of what services depend on, and no setting of theirs is called."""
_DEPENDENCIES = {
    *_STORES,
    *("cache", "queue", "search", "storage", "mail", "smtp", "broker", "worker", "scheduler", "disk"),
}
_BESIDE_A_NAME = {"status", "state", "connection", "is", "health", "check"}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
IDENTITY = re.compile(
    r"version|commit|release|revision|build|sha|name|service|app|uptime|time|date|host|env|region|instance|id|pid"
    r"|description|message|node|branch|tag|cluster|number|hash|docs|url|duration",
    re.IGNORECASE,
)
"""Keys of what is told beside health."""
_TRUTHS = {
    *("ok", "up", "healthy", "ready", "alive", "live", "available", "serving", "pong", "connected", "reachable"),
    *("success", "passed"),
}
"""Keys under which 1 and 0 are yes and no."""
_NEVER_COUNTS = {"ok", "healthy", "alive"}
"""Those of them whose 0 is a no, and no number of anything."""
_NAMES = ("name", "id", "component", "checkid", "checker", "alias", "service_id")
_ERRORS = (
    *("errors", "error", "failures", "problems", "failed", "failing", "unhealthy", "down", "unavailable", "alarms"),
    *("causes", "issues", "warnings"),
)
_SENTENCES = ("message", "msg", "output")
_CLOSED = ("maintenance", "maintenanceMode", "maintenance_mode")
_NONE = {"none", "no", "null", "nil", "n/a", "-", "0", "off", "false"}
_WRITTEN = (
    *("timestamp", "now", "currentTime", "current_time", "serverTime", "server_time", "checkedAt", "checked_at"),
    *("lastChecked", "last_checked", "generatedAt", "generated_at"),
)
"""Keys under which a document says when it was written."""
_EARLIEST, _LATEST = 1e9, 4e9
"""Seconds since 1970; a thousand times as much are milliseconds."""
_FARTHEST_WEST = timezone(timedelta(hours=-12))
"""A time without a zone is called no older than it may be."""
_DEEPEST = 30
_LONGEST_MOMENT = 40
_NOTHING = HealthPart(word="nothing", meaning=Meaning.FAIL)
Part = tuple[str, str, Meaning]
"""Path, word, meaning."""


def state_of(item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[str, Any]:
    """The key that says how it is, and its value, in any case of letters: one that says no counts before others."""
    lowered = {_plain(key): value for key, value in item.items() if isinstance(value, str | bool | int)}
    for key in sorted(_CONTRADICTING & lowered.keys()):
        value = bool(lowered[key]) if key in _NEVER_COUNTS and lowered[key] in (0, 1) else lowered[key]
        certain = not isinstance(value, int) or isinstance(value, bool) or "code" in key
        if certain and meaning_of(value) is Meaning.FAIL:
            return key, value
    for key in keys:
        if key in lowered:
            value = lowered[key]
            return key, bool(value) if key in _TRUTHS and value in (0, 1) else value
    return "", None


def _plain(key: str) -> str:
    """The key in small letters, without the ``is`` of ``isHealthy`` and ``is_ready``."""
    return _CAMEL.sub("_", key).lower().removeprefix("is_") if key.startswith("is") else key.lower()


def parts(document: Mapping[str, Any]) -> list[Part]:
    """Everything in the document that says how it is, but for the document itself."""
    return list(_parts(document, "", 0))


def _parts(
    item: Mapping[str, Any], path: str, depth: int, *, inside: bool = False, wrapped: bool = False
) -> Iterator[Part]:
    """``inside`` a container every key names a part; ``wrapped``: parts stand beside much else."""
    if depth > _DEEPEST:
        return
    numbered = inside and all(type(value) is int and value in (0, 1) for value in item.values())
    for key, value in item.items():
        name = key.lower()
        where = path if name in _CONTAINERS | _WRAPPERS and not inside else _joined(path, key)
        match value:
            case dict() if not inside:
                yield from _of_object(key, value, path, depth)
            case dict():
                yield from _part(value, where, depth, named=True)
            case int() if numbered:
                yield where, str(value), meaning_of(bool(value))
            case list():
                yield from parts_of_list(value, where, depth + 1)
                if name in _CONTAINERS:
                    yield from _sentences(value, _joined(path, key))
            case str() | bool() | None if inside and name not in _PART_STATES:
                yield from _scalar(where, key, value)
            case str() | bool() if (path == "" or wrapped) and name not in STATES and _is_down(key, value):
                yield where, str(value), Meaning.FAIL


def _of_object(key: str, value: Mapping[str, Any], path: str, depth: int) -> Iterator[Part]:
    """Return what stands in an object, by its key: a container, a wrapper, or one thing."""
    name = key.lower()
    all_yes_or_no = bool(value) and all(isinstance(state, bool) for state in value.values())
    if name in _CONTAINERS or (name == "healthy" and all_yes_or_no):
        yield from _parts(value, path, depth + 1, inside=True)
    elif name in _WRAPPERS:
        word = state_of(value, _PART_STATES)[1]
        if (own := meaning_of(word)) is not Meaning.UNKNOWN:
            yield _joined(path, key), str(word), own
        yield from _parts(value, path, depth + 1, wrapped=True)
    else:
        yield from _part(value, _joined(path, key), depth, named=False)


def _is_down(key: str, value: str | bool) -> bool:  # noqa: FBT001 - a JSON value
    """Whether what stands beside the word of health says no of a dependency: ``"database": "error"``."""
    if isinstance(value, str) and value.strip().lower() in _SURELY_DOWN:
        return True
    words = _words(key)
    named = _DEPENDENCIES & words
    if not named or words - named - _BESIDE_A_NAME - _TRUTHS or meaning_of(value) is not Meaning.FAIL:
        return False
    return isinstance(value, str) or bool(_STORES & words or _TRUTHS & words)  # "cache": false may be a setting


def _words(key: str) -> set[str]:
    return {word for word in re.split(r"[^a-z0-9]+", _CAMEL.sub("_", key).lower()) if word}


def _is_dependency(key: str) -> bool:
    return bool(_DEPENDENCIES & _words(key))


def _sentences(items: list[Any], path: str) -> Iterator[Part]:
    for item in items:
        if isinstance(item, str) and meaning_of_sentence(item) is Meaning.FAIL:
            yield path, item, Meaning.FAIL


def _part(item: Mapping[str, Any], path: str, depth: int, *, named: bool) -> Iterator[Part]:
    """One thing, and what is below it. What a container names must say a word that is one, if it says any."""
    key, value = state_of(item, _PART_STATES)
    own = meaning_of(value)
    if key and path and (named or own is not Meaning.UNKNOWN):
        yield path, str(value), own
    elif named and "status" in item:
        yield path, _NOTHING.word, _NOTHING.meaning
    if path and own is not Meaning.FAIL:
        yield from ((_joined(path, "error"), text, Meaning.WARN) for text in _listed("error", item.get("error")))
    yield from _parts(item, path, depth + 1)


def parts_of_list(items: list[Any], path: str, depth: int) -> Iterator[Part]:
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
    elif (own := meaning_of(value)) is not Meaning.UNKNOWN or not IDENTITY.search(key):
        yield path, str(value), own


def bare_parts(document: Mapping[str, Any], named: list[str]) -> list[Part]:
    """Parts without a container, as ``{"database": "ok", "version": "10.1"}`` and as django-health-check gives them."""
    told = any(map(_is_dependency, document)) or all(_words(key) & _TRUTHS for key in document)
    if told and all(isinstance(value, bool) for value in document.values()):
        return [(key, str(value), meaning_of(value)) for key, value in document.items()]
    texts = {key: value for key, value in document.items() if isinstance(value, str) and key not in named}
    words = [(key, value, meaning_of(value)) for key, value in texts.items() if not IDENTITY.search(key) or "(" in key]
    understood = [part for part in words if part[2] is not Meaning.UNKNOWN]
    alone = len(texts) == len(document) == len(words)
    if alone and any(meaning is Meaning.PASS for _, _, meaning in understood):
        # Every key is a check: what is not called well is the text of its error.
        return [(key, word, Meaning.FAIL if own is Meaning.UNKNOWN else own) for key, word, own in words]
    return understood


def errors_of(document: Mapping[str, Any], quote: Quote) -> tuple[str, ...]:
    """The errors, warnings and the like that it lists or counts, and whether it says that it is closed."""
    listed = [item for key in _ERRORS for item in _listed(key, document.get(key))]
    listed += [
        document[key]
        for key in _SENTENCES
        if isinstance(document.get(key), str) and meaning_of_sentence(document[key]) is Meaning.FAIL
    ]
    listed += [f"{key}: true" for key in _CLOSED if document.get(key) is True]
    return tuple(quote(text) or "" for text in listed[:10])


def _listed(key: str, value: object) -> list[str]:
    match value:
        case bool() | int() if value > 0:
            return [f"{key}: {json.dumps(value)}"]
        case dict():
            return [f"{name}: {text}" for name, text in value.items() if isinstance(text, str) and text]
        case list():
            return [item if isinstance(item, str) else json.dumps(item)[:200] for item in value]
        case str() if value and value.lower() not in _NONE and meaning_of(value) is not Meaning.PASS:
            return [value]
        case _:
            return []


def written_of(document: Mapping[str, Any]) -> datetime | None:
    """When it says that it was written; None if it does not say so in a form that means one moment."""
    for key in _WRITTEN:
        match document.get(key):
            case int() | float() as value if _EARLIEST <= value < _LATEST:
                return datetime.fromtimestamp(value, UTC)
            case int() | float() as value if _EARLIEST * 1000 <= value < _LATEST * 1000:
                return datetime.fromtimestamp(value / 1000, UTC)
            case str() as text if len(text) <= _LONGEST_MOMENT:
                try:
                    moment = datetime.fromisoformat(text.strip())
                    return (moment if moment.tzinfo else moment.replace(tzinfo=_FARTHEST_WEST)).astimezone(UTC)
                except (ValueError, OverflowError):
                    continue
    return None


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
