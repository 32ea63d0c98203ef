"""Names where two records of one kind differ: the field, what was recorded, and what is computed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import takewhile
from typing import Any, NamedTuple

_LONGEST = 200
_CONTEXT = 40
"""Characters before the first that differs."""
_NOTHING = object()
"""In the place of a value that is there on one side only."""


class Difference(NamedTuple):
    """One value that is not the same."""

    place: str
    """As in ``checks.tls-expiry.title``: a list's entries by their ids where they have some, else by their numbers."""
    recorded: Any
    computed: Any

    def words(self, computing: str) -> str:
        """The difference in one line; ``computing``: who computes, as in ``its checks and lines give``."""
        before, after = _text(self.recorded), _text(self.computed)
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
        begin = max(alike - _CONTEXT, 0) if max(len(before), len(after)) > _LONGEST else 0
        recorded, computed = _shown(self.recorded, before, begin), _shown(self.computed, after, begin)
        return f"{self.place}: recorded {recorded}, {computing} {computed}"


def differing(recorded: Any, computed: Any, place: str = "") -> Iterator[Difference]:  # noqa: ANN401 - any two records
    """Every value that differs, the innermost that can be named."""
    if recorded == computed:
        return
    parts = _parts(recorded), _parts(computed)
    if type(recorded) is not type(computed) or not all(parts):
        yield Difference(place, recorded, computed)
        return
    before, after = parts
    for name in dict.fromkeys((*before, *after)):
        yield from differing(before.get(name, _NOTHING), after.get(name, _NOTHING), f"{place}.{name}".lstrip("."))


def _parts(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - as above
    """What a value consists of, by name; nothing for what is a whole by itself."""
    if is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        named = {_name(item, number): item for number, item in enumerate(value)}
        return named if len(named) == len(value) else {str(number): item for number, item in enumerate(value)}
    return {}


def _name(item: Any, number: int) -> str:  # noqa: ANN401 - as above
    """The id of an entry; of an observation its target."""
    if identifier := getattr(item, "id", ""):
        return str(identifier)
    scope = getattr(item, "scope", ())
    check = getattr(item, "check", "")
    return "/".join((*([check] if check else []), *scope)) or str(number)


def _text(value: Any) -> str:  # noqa: ANN401 - as above
    """The value in one line."""
    return " ".join((value if isinstance(value, str) else repr(value)).split())


def _shown(value: Any, text: str, begin: int) -> str:  # noqa: ANN401 - as above
    """The value as people read it: of a long text what stands where it begins to differ."""
    if value is _NOTHING:
        return "nothing"
    end = begin + _LONGEST
    cut = f"{'…' if begin else ''}{text[begin:end]}{'…' if len(text) > end else ''}"
    return f"“{cut}”" if isinstance(value, str) else cut
