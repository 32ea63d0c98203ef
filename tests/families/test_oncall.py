"""``[oncall]``: what may be declared, for which time it is asked, and what is read of PagerDuty's answers."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from gonogo.families.oncall.section import OnCall
from gonogo.families.watch.section import Launch
from reference.doubles.oncall import SCHEDULE, SCOPES, OnCallSettings
from tests.support.oncall import PAGERDUTY, TOKEN, Json, declared, logged_in, of_double, of_replies, table
from tests.support.provider_doubles import Answer

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
ABSENT = {"error": {"code": 2100, "message": "Not Found"}}
BY_ID = {"system": "pagerduty", "policy": "PLAUNCH"}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"system": "pagerduty"}, "neither policy nor schedule is declared"),
        ({"system": "opsgenie", "policy": "L", "login": "oauth"}, "Opsgenie has keys only"),
        ({"system": "victorops", "policy": "L"}, "'pagerduty' or 'opsgenie'"),
        ({"system": "pagerduty", "policy": "L", "after": "40 d"}, "more than 30 days together"),
        ({"system": "pagerduty", "policy": "L", "pollicy": "L"}, "pollicy"),
    ],
)
def test_what_cannot_be_meant_is_refused(section: Json, words: str) -> None:
    """With what to write instead."""
    with pytest.raises(ValidationError, match=words):
        declared(1, section)


@pytest.mark.parametrize(
    ("launch", "begins", "ends"),
    [
        (None, NOW, NOW + 24 * HOUR),
        (Launch(), NOW, NOW + 24 * HOUR),
        (Launch(watch=30 * HOUR), NOW, NOW + 30 * HOUR),
        (Launch(at=NOW + 48 * HOUR), NOW + 46 * HOUR, NOW + 72 * HOUR),
        (Launch(at=NOW + HOUR), NOW, NOW + 25 * HOUR),
        (Launch(at=NOW - 20 * HOUR), NOW, NOW + 4 * HOUR),
        (Launch(at=NOW - 25 * HOUR), NOW, NOW + 24 * HOUR),
    ],
)
def test_time_that_is_asked_about(launch: Launch | None, begins: datetime, ends: datetime) -> None:
    """Two hours before users come until a day after; of what is over nobody can change anything."""
    section = OnCall(system="pagerduty", token="T", policy="L")
    assert section.window(launch, NOW) == (begins, ends)


def test_time_is_told_in_utc() -> None:
    """Whatever the offset of launch.at."""
    launch = Launch.model_validate({"at": "2026-12-03T09:00:00-03:00"})
    begins, _ = OnCall(system="pagerduty", token="T", policy="L").window(launch, NOW)
    assert (begins.hour, begins.tzinfo) == (10, UTC)


def test_healthy_account() -> None:
    """Two shifts at the first level, one at the second, and everybody can be told."""
    evidence = of_double(OnCallSettings())
    assert [shift.person for shift in evidence.first] == ["Davi Lima", "Paula Costa"]
    assert {shift.person for shift in evidence.told} == {"Davi Lima", "Paula Costa", "Tomás Reis"}
    assert {(one.person, one.methods, one.rules) for one in evidence.people} == {
        (name, ("email", "phone"), 1) for name in ("Davi Lima", "Paula Costa", "Tomás Reis")
    }
    assert (evidence.levels, evidence.unread, evidence.absent) == (2, (), ())
    assert evidence.service is not None
    assert (evidence.service.status, evidence.service.policy, evidence.service.maintenance) == ("active", "", ())


def test_schedule_alone_or_within_its_policy() -> None:
    """The schedule is who is told first."""
    alone = of_double(OnCallSettings(), {**PAGERDUTY, "policy": None, "schedule": SCHEDULE})
    assert alone.first == alone.told
    assert {shift.person for shift in alone.told} == {"Davi Lima", "Paula Costa"}
    both = of_double(OnCallSettings(), {**PAGERDUTY, "schedule": "WorkMe secondary"})
    assert {shift.person for shift in both.first} == {"Tomás Reis"}
    left_out = of_double(OnCallSettings(levels=1), {**PAGERDUTY, "schedule": "WorkMe secondary"})
    assert left_out.absent == ("schedule WorkMe secondary in the escalation policy WorkMe launch",)


@pytest.mark.parametrize("key", ["policy", "schedule", "service"])
def test_what_is_declared_and_not_there(key: str) -> None:
    """By PagerDuty's own word."""
    words = {"policy": "escalation policy", "schedule": "schedule", "service": "service"}
    for name in ("Elsewhere", "PNOTHERE"):
        evidence = of_double(OnCallSettings(), {**PAGERDUTY, key: name})
        if (key, name) == ("policy", "PNOTHERE"):
            assert "escalation policy PNOTHERE" in evidence.absent
            assert not evidence.first
        else:
            assert evidence.absent == (f"{words[key]} {name}",)


@pytest.mark.parametrize(
    ("scope", "facts"),
    [
        ("oncalls.read", {"first", "told", "people"}),
        ("escalation_policies.read", {"levels"}),
        ("services.read", {"service"}),
        ("users:contact_methods.read", {"people"}),
    ],
)
def test_scope_that_is_missing_blinds_its_own_fact(scope: str, facts: set[str]) -> None:
    """And is named as PagerDuty names it."""
    section = {**PAGERDUTY, "policy": "PLAUNCH"}
    evidence = of_double(OnCallSettings(scopes=SCOPES - {scope}), section)
    assert {missing.fact for missing in evidence.unread} == facts
    assert all(f"the token needs the scope {scope}" in missing.hint for missing in evidence.unread)


def test_scope_of_schedules() -> None:
    """It takes one only where a schedule is declared."""
    evidence = of_double(OnCallSettings(scopes=SCOPES - {"schedules.read"}), {**PAGERDUTY, "schedule": SCHEDULE})
    assert {missing.fact for missing in evidence.unread} == {"first", "told", "people"}
    assert all("schedules.read" in missing.hint for missing in evidence.unread)


def entry(user: str, level: int = 1, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """An on-call entry without an end."""
    usual: Json = {"start": None, "end": None, "schedule": None}
    who = {"id": user.upper(), "type": "user_reference", "summary": user}
    return {"user": who, "escalation_level": level, "escalation_policy": {"id": "PLAUNCH"}, **usual, **more}


def test_pages_are_read_to_the_end() -> None:
    """By offset, as long as there is more; permanent entries have neither begin nor end."""
    people = [f"U{number}" for number in range(5)]

    def reply(path: str, query: Mapping[str, list[str]]) -> Answer:
        if path != "/oncalls":
            return Answer(document=ABSENT, status=404)
        assert query["escalation_policy_ids[]"] == ["PLAUNCH"]
        offset = int(query["offset"][0])
        page = [entry(user) for user in people[offset : offset + 2]]
        return Answer(document={"oncalls": page, "more": offset + 2 < len(people), "offset": offset, "limit": 2})

    evidence = of_replies(reply, BY_ID)
    assert [shift.person for shift in evidence.first] == people
    assert {(shift.begins, shift.ends) for shift in evidence.first} == {(None, None)}


TWO_OF_ONE_NAME = [{"id": f"P{number}", "name": "Launch"} for number in range(2)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=401, document=ABSENT), "refuses the token (401)"),
        (Answer(status=404, document={"message": "nginx"}), "not in the words of PagerDuty"),
        (Answer(status=429, document=ABSENT, headers={"Retry-After": "0"}), "answered 429"),
        (Answer(status=429, document=ABSENT, headers={"Retry-After": "3600"}), "asks to be left alone for 1 h"),
        (Answer(document=b"<html>"), "answered no JSON"),
        (Answer(document={"oncalls": {}}), "gave no list"),
        (Answer(document={"oncalls": [], "more": True}), "gave 0 of the 1 items"),
        (Answer(document={"oncalls": [entry("U", level="first")]}), "without its level or its user"),  # type: ignore[arg-type]
        (Answer(document={"oncalls": [entry("U", start="soon")]}), "start of a shift is no time: 'soon'"),
    ],
)
def test_what_is_no_answer_is_unknown(answer: Answer, words: str) -> None:
    """For the shifts alone; what it takes to read them is told with each."""
    policy = {"escalation_policy": {"id": "PLAUNCH", "escalation_rules": [{}, {}]}}
    documents = {"/oncalls": answer, "/escalation_policies/PLAUNCH": policy}
    evidence = of_replies(table(documents, ABSENT), BY_ID)
    assert {missing.fact for missing in evidence.unread} == {"first", "told", "people"}
    assert words in evidence.unread[0].reason
    assert "oncalls.read" in evidence.unread[0].hint or "oncall.api" in evidence.unread[0].hint
    assert evidence.levels == 2


def test_slow_answer_blinds_its_own_fact() -> None:
    """Before the probe is cut off."""
    policy = Answer(document={"escalation_policy": {"id": "PLAUNCH", "escalation_rules": [{}]}}, seconds=30)
    documents = {"/oncalls": {"oncalls": [entry("U")]}, "/escalation_policies/PLAUNCH": policy}
    for kind in ("contact_methods", "notification_rules"):
        documents[f"/users/U/{kind}"] = {kind: []}
    evidence = of_replies(table(documents, ABSENT), BY_ID, probe="2 s")
    (missing,) = evidence.unread
    assert missing.fact == "levels"
    assert "no complete answer" in missing.reason
    assert "escalation_policies.read" in missing.hint
    assert evidence.first


def test_two_of_one_name_are_nobody_s() -> None:
    """An id tells which is meant."""
    documents = {"/escalation_policies": {"escalation_policies": TWO_OF_ONE_NAME, "more": False}}
    evidence = of_replies(table(documents, ABSENT), {"system": "pagerduty", "policy": "Launch"})
    assert "2 of the name Launch" in evidence.unread[0].reason
    assert "declare its id" in evidence.unread[0].hint


def test_launch_that_is_too_far_away() -> None:
    """PagerDuty tells shifts for ninety days."""
    at = (datetime.now(UTC) + timedelta(days=100)).isoformat()
    policy = {"escalation_policy": {"id": "PLAUNCH", "escalation_rules": [{}, {}]}}
    evidence = of_replies(table({"/escalation_policies/PLAUNCH": policy}, ABSENT), BY_ID, launch={"at": at})
    assert {missing.fact for missing in evidence.unread} == {"first", "told", "people"}
    assert "for 90 days" in evidence.unread[0].reason


METHODS = [
    {"id": "M1", "type": "email_contact_method"},
    {"id": "M2", "type": "phone_contact_method", "enabled": False},
    {"id": "M3", "type": "sms_contact_method", "blacklisted": True},
    {"id": "M4", "type": "push_notification_contact_method", "blacklisted": False},
]


def test_rules_count_that_use_a_method_that_is_on() -> None:
    """A rule that calls a blocked phone tells nobody."""
    rules = [{"contact_method": {"id": method}} for method in ("M2", "M3", "M4", "GONE")]
    documents = {
        "/oncalls": {"oncalls": [entry("U")]},
        "/users/U/contact_methods": {"contact_methods": METHODS},
        "/users/U/notification_rules": {"notification_rules": rules},
    }
    (person,) = of_replies(table(documents, ABSENT), BY_ID).people
    assert (person.methods, person.rules) == (("email", "push_notification"), 1)


@pytest.mark.parametrize(("login", "header"), [("key", "Token token="), ("oauth", "Bearer ")])
def test_login_is_what_is_declared(login: str, header: str) -> None:
    """A key is told in PagerDuty's own way, an access token as all are."""
    assert logged_in({**BY_ID, "login": login}) == f"{header}{TOKEN}"


@pytest.mark.parametrize(
    ("rule", "quiet"),
    [
        ({"type": "constant", "urgency": "low"}, "always"),
        ({"type": "constant", "urgency": "severity_based"}, ""),
        (
            {
                "type": "use_support_hours",
                "during_support_hours": {"type": "constant", "urgency": "high"},
                "outside_support_hours": {"type": "constant", "urgency": "low"},
            },
            "outside support hours",
        ),
        ({"type": "use_support_hours", "during_support_hours": {"urgency": "low"}}, "during support hours"),
        (None, ""),
    ],
)
def test_urgency_of_the_incidents_of_a_service(rule: Json | None, quiet: str) -> None:
    """Low urgency goes by other notification rules, and is not escalated."""
    service = {"id": "PWORKME", "name": "workme-api", "status": "active", "incident_urgency_rule": rule}
    evidence = of_replies(
        table({"/services/PWORKME": {"service": service}, "/maintenance_windows": {"maintenance_windows": []}}, ABSENT),
        {"system": "pagerduty", "service": "PWORKME", "policy": "PLAUNCH"},
    )
    assert evidence.service is not None
    assert evidence.service.quiet == quiet


def test_policy_that_escalates_late_and_rule_that_waits() -> None:
    """As the double tells them: how long the first level has, and no rule of a person who is told after two hours."""
    assert of_double(OnCallSettings(escalates_minutes=480)).second_after == timedelta(hours=8)
    assert of_double(OnCallSettings(levels=1)).second_after is None
    waits = {"id": "R", "start_delay_in_minutes": 120, "contact_method": {"id": "T"}}
    documents = {
        "/oncalls": {"oncalls": [entry("u1")], "more": False},
        "/users/U1/contact_methods": {"contact_methods": [{"id": "T", "type": "phone_contact_method"}]},
        "/users/U1/notification_rules": {"notification_rules": [waits, {**waits, "start_delay_in_minutes": 30}]},
    }
    (person,) = of_replies(table(documents, ABSENT), BY_ID).people
    assert person.rules == 1
