"""Who is on call while users come, judged on literals."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.base.errors import Failed, Unobserved
from gonogo.evidence.base import Unread
from gonogo.evidence.oncall import AlertService, Maintenance, OnCallEvidence, Reach, Shift, gaps
from gonogo.families.registry import environment_from
from gonogo.planning.declarations import Declaration
from tests.checks.conftest import Judge, function_of

BEGIN = datetime(2026, 12, 1, 10, tzinfo=UTC)
END = BEGIN + timedelta(hours=26)
HOUR = timedelta(hours=1)
ANA = Shift(person="Ana", begins=BEGIN - HOUR, ends=BEGIN + 8 * HOUR)
BEA = Shift(person="Bea", begins=BEGIN + 8 * HOUR, ends=END + HOUR)
CARL = Shift(person="Carl", level=2)
SERVICE = AlertService(name="shop-api", status="active")
EVIDENCE = OnCallEvidence(
    scope=("oncall",),
    taken_at=BEGIN,
    system="PagerDuty",
    begins=BEGIN,
    ends=END,
    first=(ANA, BEA),
    told=(ANA, BEA, CARL),
    levels=2,
    people=tuple(Reach(person=name, methods=("email", "phone"), rules=1) for name in ("Ana", "Bea", "Carl")),
    service=SERVICE,
)
ENVIRONMENT = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test"},
        "oncall": {"system": "pagerduty", "token": "T", "policy": "Launch", "expected": ["Ana", "Bea", "Carl"]},
    }
)
SCHEDULED = environment_from(
    {
        "service": {"name": "S", "base_url": "https://a.test"},
        "oncall": {"system": "pagerduty", "token": "T", "policy": "Launch", "schedule": "Day"},
    }
)
LATER = replace(BEA, begins=BEGIN + 11 * HOUR)
CHECKS = ("oncall-covered", "oncall-escalates", "oncall-reachable", "oncall-service", "oncall-expected")


def judged(judge: Judge, check: str, **changes: Any) -> str | None:  # noqa: ANN401 - fields
    """What a check says of evidence that differs by this."""
    return judge(check, oncall=replace(EVIDENCE, **changes), environment=ENVIRONMENT)


@pytest.mark.parametrize("check", CHECKS)
def test_all_is_well(judge: Judge, check: str) -> None:
    """Each of them."""
    assert judged(judge, check) is None


@pytest.mark.parametrize(
    ("check", "changes", "words"),
    [
        (
            "oncall-covered",
            {"first": (ANA, LATER), "told": (ANA, LATER)},
            "nobody is on call from 2026-12-01 18:00 to 21:00 UTC",
        ),
        (
            "oncall-covered",
            {"first": (), "told": ()},
            "nobody is on call from 2026-12-01 10:00 to 2026-12-02 12:00 UTC",
        ),
        ("oncall-covered", {"absent": ("schedule Day",)}, "PagerDuty has no schedule Day, or does not show it"),
        (
            "oncall-escalates",
            {"told": (ANA, BEA), "levels": 1},
            "only one person is notified from 2026-12-01 10:00 to 2026-12-02 12:00 UTC: the escalation policy has 1 level",
        ),
        ("oncall-escalates", {"told": (ANA, BEA, replace(CARL, person="Ana"))}, "10:00 to 18:00 UTC"),
        ("oncall-escalates", {"told": (CARL,)}, "only Carl is notified"),
        ("oncall-escalates", {"levels": 0}, "has no level: it notifies nobody"),
        ("oncall-reachable", {"people": (Reach(person="Ana"),)}, "Ana has no contact method that is switched on"),
        (
            "oncall-reachable",
            {"people": (Reach(person="Ana", methods=("sms",)),)},
            "Ana has no notification rule for urgent alerts (sms could be used)",
        ),
        ("oncall-reachable", {"people": (), "absent": ("escalation policy Launch",)}, "no escalation policy Launch"),
        ("oncall-service", {"service": replace(SERVICE, status="disabled")}, "shop-api is disabled"),
        ("oncall-service", {"service": replace(SERVICE, status="maintenance")}, "shop-api is maintenance"),
        ("oncall-service", {"service": None, "absent": ("service shop-api",)}, "no service shop-api"),
        (
            "oncall-service",
            {"service": replace(SERVICE, maintenance=(Maintenance(begins=BEGIN + HOUR, ends=BEGIN + 2 * HOUR),))},
            "a maintenance window from 2026-12-01 11:00 to 12:00 UTC",
        ),
        (
            "oncall-service",
            {"service": replace(SERVICE, maintenance=(Maintenance(begins=BEGIN + HOUR),))},
            "a maintenance window from 2026-12-01 11:00 to 2026-12-02 12:00 UTC",
        ),
        (
            "oncall-service",
            {"service": replace(SERVICE, quiet="outside support hours")},
            "shop-api makes incidents of low urgency outside support hours",
        ),
        (
            "oncall-escalates",
            {"second_after": 8 * HOUR},
            "the second level is notified after 8 h; at most 30 min is allowed",
        ),
        ("oncall-service", {"service": replace(SERVICE, policy="Default")}, "policy Default, not to Launch"),
        (
            "oncall-expected",
            {"told": (ANA, replace(BEA, person="Eve"), CARL)},
            "not on call: Bea; on call, and not expected: Eve",
        ),
    ],
)
def test_what_is_wrong_is_named(judge: Judge, check: str, changes: dict[str, Any], words: str) -> None:
    """With the time in UTC, and the people."""
    told = judged(judge, check, **changes)
    assert told is not None
    assert words in told


def test_what_is_not_there_has_its_own_cure(declarations: dict[str, Declaration]) -> None:
    """An override of a schedule that is gone helps nobody."""
    with pytest.raises(Failed) as failed:
        function_of(declarations["oncall-covered"])(replace(EVIDENCE, absent=("schedule Day",)), ENVIRONMENT)
    assert "correct the name in [oncall]" in failed.value.fix


@pytest.mark.parametrize(
    ("check", "fact"),
    [
        ("oncall-covered", "first"),
        ("oncall-escalates", "told"),
        ("oncall-escalates", "levels"),
        ("oncall-reachable", "people"),
        ("oncall-service", "service"),
        ("oncall-expected", "told"),
    ],
)
def test_what_was_not_read_is_unknown(judge: Judge, check: str, fact: str) -> None:
    """And says nothing of the other facts."""
    unread = (Unread(fact=fact, reason="503"),)
    with pytest.raises(Unobserved, match="503"):
        judged(judge, check, unread=unread)
    others = {"oncall-covered", "oncall-reachable", "oncall-service"} - {check}
    assert not [told for other in others if (told := judged(judge, other, unread=unread))]


def test_later_level_covers_the_first(judge: Judge) -> None:
    """While level 1 has nobody, level 2 is told at once, or after its delay; a schedule by name has nobody else."""
    assert judged(judge, "oncall-covered", first=(ANA, LATER), told=(ANA, LATER, CARL)) is None
    message = judge("oncall-covered", oncall=replace(EVIDENCE, first=(ANA, LATER)), environment=SCHEDULED)
    assert message is not None
    assert "nobody is on call from 2026-12-01 18:00 to 21:00 UTC" in message
    with pytest.raises(Unobserved, match="503"):
        judged(judge, "oncall-covered", first=(ANA, LATER), unread=(Unread(fact="told", reason="503"),))


def test_service_is_not_policy(judge: Judge) -> None:
    """A policy that is gone says nothing of the service."""
    assert judged(judge, "oncall-service", absent=("escalation policy Launch",)) is None


def test_nobody_to_ask_about(judge: Judge) -> None:
    """Nobody on call is told by another check."""
    with pytest.raises(Unobserved, match="nobody is on call"):
        judged(judge, "oncall-reachable", people=())


@pytest.mark.parametrize(
    ("shifts", "people", "expected"),
    [
        ((ANA, BEA), 1, []),
        ((ANA, replace(BEA, begins=BEGIN + 7 * HOUR)), 1, []),
        ((ANA,), 1, [(BEGIN + 8 * HOUR, END)]),
        ((BEA,), 1, [(BEGIN, BEGIN + 8 * HOUR)]),
        ((CARL,), 1, []),
        ((CARL, CARL), 2, [(BEGIN, END)]),
        ((ANA, BEA, replace(ANA, person="Eve")), 2, [(BEGIN + 8 * HOUR, END)]),
        ((replace(ANA, begins=END, ends=None),), 1, [(BEGIN, END)]),
        ((), 1, [(BEGIN, END)]),
    ],
)
def test_gaps(shifts: tuple[Shift, ...], people: int, expected: list[tuple[datetime, datetime]]) -> None:
    """To the moment, and one gap is told once though something changes within."""
    assert list(gaps(shifts, BEGIN, END, people=people)) == expected


def test_second_level_may_be_late_where_two_are_told_first(judge: Judge) -> None:
    """Somebody else is told already."""
    both = (ANA, BEA, replace(CARL, level=1))
    assert judged(judge, "oncall-escalates", first=both, second_after=8 * HOUR) is None
    assert judged(judge, "oncall-escalates", second_after=HOUR / 2) is None
