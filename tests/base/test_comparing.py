"""Comparisons note what they compared: the note is what was judged, and nothing else."""

import math
import operator
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.base.comparing import (
    Compared,
    Contradiction,
    above,
    at_least,
    at_most,
    below,
    decided,
    equal,
    nothing,
    noting,
    one_of,
    shown,
    so,
    there,
    unnoted,
)

NUMBERS = st.integers(-1000, 1000) | st.floats(allow_nan=False, allow_infinity=False, width=32)
RELATIONS: dict[str, tuple[Callable[[Any, Any, str], bool], Callable[[Any, Any], bool]]] = {
    "at most": (at_most, operator.le),
    "below": (below, operator.lt),
    "at least": (at_least, operator.ge),
    "above": (above, operator.gt),
}
DURATIONS = st.timedeltas(timedelta(days=-4000), timedelta(days=4000))


def note(judge: Callable[[], object]) -> list[Compared]:
    """What is noted while this judges, however it ends."""
    with pytest.raises(KeyError, match="the end"), noting() as noted:  # noqa: PT012 - the end is raised by us
        judge()
        raise KeyError("the end")
    return list(noted.values())


@given(st.tuples(NUMBERS, NUMBERS) | st.tuples(DURATIONS, DURATIONS), st.sampled_from(sorted(RELATIONS)))
def test_note_is_what_was_judged(pair: tuple[Any, Any], relation: str) -> None:
    """A margin above nothing is met and one below it is missed; with nothing left it depends on the relation."""
    value, limit = pair
    compare, operate = RELATIONS[relation]
    answers: list[bool] = []
    (noted,) = note(lambda: answers.append(compare(value, limit, "it")))
    assert answers == [noted.met] == [operate(value, limit)]
    assert noted.relation == relation
    assert noted.margin is not None
    assert noted.margin >= 0 if noted.met else noted.margin <= 0


@pytest.mark.parametrize(
    ("judge", "observed", "wanted", "met"),
    [
        (lambda: equal("nosniff", "nosniff", "it"), "nosniff", "nosniff", True),
        (lambda: equal(None, "nosniff", "it"), "none", "nosniff", False),
        (lambda: equal({"b", "a"}, {"a", "b"}, "it"), "a, b", "a, b", True),
        (lambda: one_of(201, (200, 201), "it"), "201", "200 or 201", True),
        (lambda: nothing([], "it", of=4), "none of 4", "none", True),
        (lambda: nothing(["SSLv3", "TLSv1"], "it"), "SSLv3, TLSv1", "none", False),
        (lambda: so(None, "it", "on", "off"), "off", "on", False),
        (lambda: there(None, "it"), "missing", "there", False),
        (lambda: there(0, "it"), "there", "there", True),
        (lambda: shown("body", "it", 204, "2xx"), "204", "2xx", True),
        (lambda: decided("it", timedelta(minutes=5), "soon"), "5 min", "soon", True),
    ],
)
def test_words(judge: Callable[[], object], observed: str, wanted: str, met: bool) -> None:  # noqa: FBT001 - of the table
    """What has no number is noted as people write it."""
    (noted,) = note(judge)
    assert (noted.observed, noted.wanted, noted.met, noted.margin) == (observed, wanted, met, None)


def test_worst_of_one_kind_is_kept() -> None:
    """Of several members the one with the least left is shown, and how many there were; what is missed goes first."""

    def lags() -> None:
        for name, lag, allowed in (("a", 1, 10), ("b", 70, 75), ("c", 2, 10)):
            at_most(timedelta(seconds=lag), timedelta(seconds=allowed), f"lag of {name}", kind="lag")

    (noted,) = note(lags)
    assert (noted.what, noted.margin, noted.times) == ("lag of b", 5.0, 3)
    met_then_missed = note(lambda: [equal(state, "up", "state") for state in ("up", "down", "up")])
    assert [(each.observed, each.met, each.times) for each in met_then_missed] == [("down", False, 3)]


def test_who_passes_with_something_missed_judged_by_something_else() -> None:
    """Else the page would show a limit missed beside a check that passed."""
    with pytest.raises(Contradiction, match=r"found lag 5.0 with 1.0 wanted, and passed all the same"), noting():
        at_most(5, 1, "lag")


def test_nothing_is_noted_outside_and_where_nobody_judges() -> None:
    """Code of families may use the same comparisons, and what would be is not what is."""
    assert not at_most(2, 1, "it")
    with noting() as noted, unnoted():
        at_most(2, 1, "it")
    assert not noted


def test_numbers_that_json_has_not_are_told_in_words() -> None:
    """A record with an infinite number could not be read again."""
    (noted,) = note(lambda: at_least(math.inf, 3, "room"))
    assert (noted.observed, noted.wanted, noted.met) == ("inf", "at least 3", True)


def test_a_duration_is_compared_with_a_duration() -> None:
    """Seconds beside a bare number would be off by a factor that nobody sees."""
    with pytest.raises(TypeError, match="one of them is a duration"):
        at_most(timedelta(seconds=1), 5, "it")
