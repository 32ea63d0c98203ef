"""Which evidence a check is given, and which needs block it, is found by the target that both are about."""

import pytest

from gonogo.evidence.base import Scope
from gonogo.evidence.scopes import ByScope

_PLANNED: list[Scope] = [("a.test",), ("a.test", "192.0.2.1"), ("b.test", "192.0.2.1"), ("a.test", "192.0.2.2")]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (("a.test", "192.0.2.1"), [("a.test",), ("a.test", "192.0.2.1")]),
        (("a.test", "192.0.2.2", "443"), [("a.test",), ("a.test", "192.0.2.2")]),
        (("a.test",), [("a.test",), ("a.test", "192.0.2.1"), ("a.test", "192.0.2.2")]),
        (("b.test", "192.0.2.9"), [("b.test", "192.0.2.1")]),
        (("c.test",), _PLANNED),
        ((), _PLANNED),
    ],
)
def test_what_speaks_of_the_same_target(scope: Scope, expected: list[Scope]) -> None:
    """A failure at another host must not block this one, and one of the whole host must."""
    assert list(ByScope((planned, planned) for planned in _PLANNED).related(scope)) == expected


def test_several_of_one_scope_are_kept_in_their_order() -> None:
    """A second observation of one target must not hide the first, which may have failed."""
    known = ByScope([(("a.test",), "fail"), (("a.test",), "pass")])
    known.add(("b.test",), "pass")
    assert list(known.related(("a.test",))) == ["fail", "pass"]
    assert (len(known), known[2], list(known)) == (3, "pass", ["fail", "pass", "pass"])


def test_nothing_known_is_nothing_found() -> None:
    """A kind that nobody planned gives no evidence, and no error."""
    assert not ByScope[str]().related(("a.test",))
    assert not ByScope[str]().same_host(("a.test",))
