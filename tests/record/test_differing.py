"""A refusal that does not say what differs sends somebody through a megabyte of JSON at 3 a.m."""

from dataclasses import replace

import pytest

from gonogo.record.differing import differing
from tests.report.conftest import check, results

ONE = check("tls-a")


@pytest.mark.parametrize(
    ("recorded", "computed", "expected"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["x.a: recorded 1, judged again 2"]),
        ({"a": 1}, {"b": 1}, ["x.a: recorded 1, judged again nothing", "x.b: recorded nothing, judged again 1"]),
        (["a", "b"], ["a", "c"], ["x.1: recorded “b”, judged again “c”"]),
        ([], ["a"], ["x: recorded [], judged again ['a']"]),
        ("a", None, ["x: recorded “a”, judged again None"]),
        ("a\nb", "a" * 300, [f"x: recorded “a b”, judged again “{'a' * 200}…”"]),
        ("a" * 500, "a" * 400 + "b", [f"x: recorded “…{'a' * 140}”, judged again “…{'a' * 40}b”"]),
        ([ONE], [replace(ONE, title="other")], ["x.tls-a.title: recorded “Title of tls-a”, judged again “other”"]),
        ([ONE, check("b")], [check("b"), ONE], []),
    ],
)
def test_the_innermost_value_is_named(recorded: object, computed: object, expected: list[str]) -> None:
    """With both values, whatever they are."""
    assert [difference.words("judged again") for difference in differing(recorded, computed, "x")] == expected


def test_observations_are_named_by_their_target() -> None:
    """And whole records by their fields."""
    (observation,) = ONE.observations
    edited = replace(ONE, observations=[replace(observation, message="all is well")])
    (difference,) = differing(results([ONE]).checks, results([edited]).checks, "checks")
    assert difference.place == f"checks.tls-a.observations.{'/'.join(observation.scope)}.message"
