"""Values that the words of a line state, held against what the environment file declares: nobody else compares them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.base.durations import parse_duration
from gonogo.environment.model import Environment
from gonogo.policy.checklist_line import STATED, ChecklistLine

_SIZE = re.compile(r"(\d+(?:\.\d+)?)(KiB|MiB|GiB)")
_BYTES = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


def contradictions_of(line: ChecklistLine, environment: Environment) -> list[str]:
    """Find where the environment declares otherwise than the line says, each with the key and both values.

    A section that the environment does not declare contradicts nothing, and proves nothing either (``undeclared``).
    """
    declared = environment.model_dump(mode="json")
    return [problem for stated in line.states for problem in _contradictions(stated, declared)]


def undeclared(line: ChecklistLine, environment: Environment) -> Mapping[str, str]:
    """Values that the line states and that nothing here could be held against, each with why."""
    declared = environment.model_dump(mode="json")
    keys = [match["key"] for stated in line.states if (match := STATED.fullmatch(stated))]
    sections = {key: key.partition(".")[0] for key in keys}
    return {
        f"the value of {key}": f"the environment declares no [{section}]"
        for key, section in sections.items()
        if section in declared and not declared[section]
    }


def _contradictions(stated: str, declared: Mapping[str, Any]) -> Iterator[str]:
    """Where the environment declares otherwise than a line's words say; a missing section is no contradiction."""
    match = STATED.fullmatch(stated)
    if match is None:
        return
    section, *path = match["key"].split(".")
    if section not in declared:
        yield f"the list states {match['key']}, and environment files have no [{section}]"
        return
    if not declared[section]:
        return
    values = list(_values(declared[section], path, section))
    if not values:
        yield f"the list states {match['key']}, and the environment declares none"
    for key, value in values:
        if not _agrees(value, match["value"]):
            yield f"the list states {stated}, and the environment declares {key} = {value}"


def _values(value: Any, path: list[str], key: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - of a TOML document
    """Every value that the path leads to; ``*`` is every name of a table. What is not set is declared by nobody."""
    if not path:
        if value is not None:
            yield key, value
        return
    if isinstance(value, Mapping):
        for name in value if path[0] == "*" else [path[0]]:
            yield from _values(value.get(name), path[1:], f"{key}.{name}")


def _agrees(value: object, stated: str) -> bool:
    """Whether it is the value, or one of a list, or within ``least..most``, either of which may be left out."""
    if isinstance(value, list):  # of names one is meant, of a range everything
        fits = [_agrees(item, stated) for item in value]
        return bool(fits) and (all(fits) if ".." in stated else any(fits))
    actual = _comparable(str(value))
    least, dots, most = stated.partition("..")
    if not dots:
        return actual == _comparable(stated)
    limits = [(_comparable(text), holds) for text, holds in ((least, _at_least), (most, _at_most)) if text]
    return all(type(actual) is type(limit) and holds(actual, limit) for limit, holds in limits)


def _at_least(actual: Any, limit: Any) -> bool:  # noqa: ANN401 - two numbers, or two durations
    return bool(actual >= limit)


def _at_most(actual: Any, limit: Any) -> bool:  # noqa: ANN401 - two numbers, or two durations
    return bool(actual <= limit)


def _comparable(text: str) -> object:
    """A number, a size in bytes, a duration, or the text without blanks."""
    plain = "".join(text.split())
    if size := _SIZE.fullmatch(plain):
        return float(size[1]) * _BYTES[size[2]]
    for read in (float, parse_duration):
        try:
            return read(plain)
        except ValueError:
            continue
    return plain.casefold()
