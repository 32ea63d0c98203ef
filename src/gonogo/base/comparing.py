"""Comparisons that note what they compared, so that a record says of each check what was observed and what was wanted.

A check that asserts ``at_most(lag, limit, "lag")`` is judged by the very comparison that is noted: there is no second
reader of its facts that could say something else. Outside of a judgement nothing is noted.
"""

import math
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum
from typing import Literal, NamedTuple, TypeGuard, TypeVar

from gonogo.base.durations import format_duration

Relation = Literal["at most", "below", "at least", "above", "as wanted"]
Amount = float | timedelta
Kept = TypeVar("Kept")
_LONGEST = 200
"""Characters of a text that are kept: people read it in passing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One comparison that a check was judged by."""

    what: str
    """What was looked at, as in ``p95 of a ping``."""
    observed: float | str
    """A number in ``unit``, or a few words."""
    wanted: float | str
    """What it is held against; a number where ``observed`` is one."""
    relation: Relation = "as wanted"
    """How the number must stand to the wanted one; ``as wanted``: these are words."""
    unit: str = ""
    """``s``, ``B`` (bytes), ``share`` (between 0 and 1), or a word as people write it behind the number."""
    met: bool
    times: int = 1
    """How many comparisons of this kind were made; this is the one with the least margin."""

    @property
    def margin(self) -> float | None:
        """What is left of the limit, in ``unit``; below 0 where it is missed; None: there is no number."""
        if isinstance(self.observed, str) or isinstance(self.wanted, str):
            return None
        if self.relation in {"at most", "below"}:
            return self.wanted - self.observed
        return self.observed - self.wanted

    @property
    def shortened(self) -> "Compared":
        """The same, with texts that people read in passing."""
        return replace(self, observed=_cut(self.observed), wanted=_cut(self.wanted))


class Contradiction(Exception):
    """A check passed although it found a comparison missed: what it noted is not what it was judged by."""


Noted = dict[tuple[str, str, str], Compared]
"""What was compared, by its kind, relation and unit."""
_NOTED: ContextVar[Noted | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[Noted]:
    """Keep what is compared in here. Raises Contradiction at the end of a judgement that no comparison supports."""
    noted: Noted = {}
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)
    if missed := next((each for each in noted.values() if not each.met), None):
        raise Contradiction(
            f"it found {missed.what} {missed.observed} with {missed.wanted} wanted, and passed all the same; assert what "
            "the comparison says, and compare what decides nothing with an operator"
        )


@contextmanager
def unnoted() -> Iterator[None]:
    """Compare in here without noting: for a question of what would be, which is not what is judged."""
    token = _NOTED.set(None)
    try:
        yield
    finally:
        _NOTED.reset(token)


def at_most(value: Amount, limit: Amount, what: str, unit: str = "", *, kind: str = "") -> bool:
    """Whether the value is the limit or less; durations need no unit. Of one ``kind`` the worst is kept."""
    return _number(value, limit, "at most", _Kind(what, unit, kind))


def below(value: Amount, limit: Amount, what: str, unit: str = "", *, kind: str = "") -> bool:
    """Whether the value is less than the limit; durations need no unit."""
    return _number(value, limit, "below", _Kind(what, unit, kind))


def at_least(value: Amount, limit: Amount, what: str, unit: str = "", *, kind: str = "") -> bool:
    """Whether the value is the limit or more; durations need no unit."""
    return _number(value, limit, "at least", _Kind(what, unit, kind))


def above(value: Amount, limit: Amount, what: str, unit: str = "", *, kind: str = "") -> bool:
    """Whether the value is more than the limit; durations need no unit."""
    return _number(value, limit, "above", _Kind(what, unit, kind))


def not_over(last: date | None, today: date, what: str) -> bool:
    """Whether the last day of something has not passed; None: no end is set."""
    if last is None:
        return _words(what, "no end is set", "not over", met=True)
    return at_least(last - today, timedelta(0), f"{what} is left for")


def equal(value: object, wanted: object, what: str) -> bool:
    """Whether both are equal."""
    return _words(what, _told(value), _told(wanted), met=value == wanted)


def one_of(value: object, wanted: Collection[object], what: str, *, kind: str = "") -> bool:
    """Whether the value is one of those that are wanted."""
    return _words(what, _told(value), " or ".join(map(_told, wanted)) or "none", met=value in wanted, kind=kind)


def nothing(found: Iterable[object], what: str, *, of: int | None = None) -> bool:
    """Whether there is none of what nobody wants; ``of`` is how many were looked at."""
    listed = [_told(each) for each in found]
    none = "none" if of is None else f"none of {of}"
    return _words(what, ", ".join(listed) or none, "none", met=not listed)


def so(condition: object, what: str, wanted: str, otherwise: str) -> bool:
    """Whether a condition holds: ``wanted`` in words, and what it is ``otherwise``."""
    return _words(what, wanted if condition else otherwise, wanted, met=bool(condition))


def decided(what: str, observed: object, wanted: str, *, met: bool = True) -> None:
    """Note what a branch of the check has decided already, for checks that end there."""
    _words(what, _told(observed), wanted, met=met)


class _Kind(NamedTuple):
    """What a number is about."""

    what: str
    unit: str
    kind: str
    """Of all comparisons of one kind the one with the least margin is kept; empty: ``what`` tells the kind."""


def there(value: Kept | None, what: str, wanted: str = "there", otherwise: str = "missing") -> TypeGuard[Kept]:
    """Whether it is there at all, whatever it is."""
    return _words(what, otherwise if value is None else wanted, wanted, met=value is not None)


def shown(condition: object, what: str, observed: object, wanted: str) -> bool:
    """Whether a condition holds of what was observed; ``wanted`` in words, as in ``2xx, or as declared``."""
    return _words(what, _told(observed), wanted, met=bool(condition))


def _number(value: Amount, limit: Amount, relation: Relation, about: _Kind) -> bool:
    what, unit, kind = about
    if isinstance(value, timedelta) or isinstance(limit, timedelta):
        if not (isinstance(value, timedelta) and isinstance(limit, timedelta)):
            raise TypeError(f"{what}: {value!r} and {limit!r} cannot be compared: one of them is a duration")
        # Microseconds are whole numbers: nothing is rounded before it is compared.
        met = _stands(value / _MICROSECOND, relation, limit / _MICROSECOND)
        observed, wanted, unit = value.total_seconds(), limit.total_seconds(), "s"
    else:
        met, observed, wanted = _stands(value, relation, limit), float(value), float(limit)
    if math.isfinite(observed) and math.isfinite(wanted):
        compared = Compared(what=what, observed=observed, wanted=wanted, relation=relation, unit=unit, met=met)
        _note(compared, kind or what)
    else:  # JSON has no such numbers
        _words(what, f"{observed:g}", f"{relation} {wanted:g}", met=met)
    return met


_MICROSECOND = timedelta(microseconds=1)


def _stands(value: float, relation: Relation, limit: float) -> bool:
    match relation:
        case "at most":
            return value <= limit
        case "below":
            return value < limit
        case "at least":
            return value >= limit
        case _:
            return value > limit


def _words(what: str, observed: str, wanted: str, *, met: bool, kind: str = "") -> bool:
    _note(Compared(what=what, observed=observed, wanted=wanted, met=met), kind or what)
    return met


def _note(compared: Compared, kind: str) -> None:
    """Of several of one kind the one with the least margin is kept: what is missed before what is met."""
    noted = _NOTED.get()
    if noted is None:
        return
    key = (kind, compared.relation, compared.unit)
    before = noted.get(key)
    if before is not None:
        kept = compared if _is_worse(compared, before) else before
        compared = replace(kept, times=before.times + 1)
    noted[key] = compared


def _is_worse(compared: Compared, before: Compared) -> bool:
    if compared.met != before.met:
        return before.met
    margin, margin_before = compared.margin, before.margin
    return margin is not None and margin_before is not None and margin < margin_before


def _told(value: object) -> str:
    """A value as people write it."""
    match value:
        case bool():
            words = "yes" if value else "no"
        case Enum():
            words = str(value.value)
        case timedelta():
            words = format_duration(value)
        case set() | frozenset():
            words = ", ".join(sorted(map(_told, value)))
        case list() | tuple():
            words = ", ".join(map(_told, value))
        case None:
            words = ""
        case _:
            words = str(value)
    return words or "none"


def _cut(value: float | str) -> float | str:
    if not isinstance(value, str) or len(value) <= _LONGEST:
        return value
    return f"{value[:_LONGEST]}…"
