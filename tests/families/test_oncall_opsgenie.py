"""What is read of Opsgenie's answers, in the shapes of its published OpenAPI description."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gonogo.evidence.oncall import OnCallEvidence
from tests.support.oncall import TOKEN, Json, logged_in, of_replies, table
from tests.support.provider_doubles import Answer

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
SCHEDULE_ID, USER_ID, OTHER_ID = (f"0000000{number}-1111-2222-3333-444444444444" for number in range(3))
POLICY, SCHEDULE, INTEGRATION = "Launch_escalation", "Launch_schedule", "Prometheus"
SECTION = {"system": "opsgenie", "policy": POLICY, "service": INTEGRATION}
ABSENT = {"message": "Schedule with name [x] does not exist", "took": 0.01, "requestId": "r"}
ANA, BEA = (
    {"id": USER_ID, "type": "user", "name": "ana@shop.test"},
    {"id": OTHER_ID, "type": "user", "name": "bea@shop.test"},
)
PUBLISHED = {
    "Timeline": "_parent startDate endDate finalTimeline rotations id name order periods type recipient enabled",
    "TimelinePeriod": "startDate endDate type fromUser recipient flattenedRecipients forwardedFrom",
    "Escalation": "id name description ownerTeam rules repeat condition notifyType delay recipient timeAmount timeUnit username",
    "Contact": "id method to status applyOrder enabled disabledReason",
    "NotificationRuleMeta": "id name actionType order enabled",
    "Integration": "id name enabled type teamId",
    "Maintenance": "id status time description rules state entity type startDate endDate",
    "Response": "data took requestId expandable",
}
"""Members of what is read, by its definition in github.com/opsgenie/opsgenie-oas at 71c55343 of 2021-02-19."""


def at(hours: float) -> str:
    """So many hours from now, as Opsgenie writes it."""
    return f"{NOW + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def period(begins: float, ends: float, recipient: Json, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """Of a final timeline."""
    return {"startDate": at(begins), "endDate": at(ends), "type": "default", "recipient": recipient, **more}


def timeline(*periods: Json, enabled: bool = True, begins: float = -48, ends: float = 96) -> Json:
    """As Get Schedule Timeline gives it."""
    rotations = [{"id": "r", "name": "Rota", "order": 1.0, "periods": list(periods)}]
    parent = {"id": SCHEDULE_ID, "name": SCHEDULE, "enabled": enabled}
    data = {"_parent": parent, "startDate": at(begins), "endDate": at(ends), "finalTimeline": {"rotations": rotations}}
    return {"data": data, "took": 0.1, "requestId": "r", "expandable": ["base", "override"]}


def rule(recipient: Json, minutes: int, notify: str = "default", unit: str = "minutes") -> Json:
    """Of an escalation."""
    delay = {"timeAmount": minutes, "timeUnit": unit}
    return {"condition": "if-not-acked", "notifyType": notify, "delay": delay, "recipient": recipient}


def answer(data: Any) -> Json:  # noqa: ANN401 - JSON
    """As every answer is."""
    return {"data": data, "took": 0.1, "requestId": "r"}


TO_SCHEDULE = {"type": "schedule", "id": SCHEDULE_ID, "name": SCHEDULE}
TO_BEA = {"type": "user", "id": OTHER_ID, "username": "bea@shop.test"}
RULES = (rule(TO_SCHEDULE, 0), rule(TO_BEA, 5))
CONTACT = {"id": "c", "method": "voice", "to": "55-11555", "status": {"enabled": True}, "applyOrder": 0}
MAIL = {"id": "d", "method": "email", "to": "ana@shop.test", "status": {"enabled": False, "disabledReason": "left"}}
NEW_ALERT = {"id": "n", "name": "New alert", "actionType": "create-alert", "order": 0, "enabled": True}
CLOSED = {"id": "o", "name": "Closed", "actionType": "closed-alert", "order": 0, "enabled": True}
INTEGRATED = {"id": "i1", "name": INTEGRATION, "enabled": True, "type": "Prometheus", "teamId": ""}


def documents(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """A healthy account, with other answers by the last word of their path."""
    users = {
        f"/v2/users/{user}/{kind}": answer(changes.get(kind.partition("-")[0], items))
        for user in (USER_ID, OTHER_ID)
        for kind, items in (("contacts", [CONTACT, MAIL]), ("notification-rules", [NEW_ALERT, CLOSED]))
    }
    final = changes.get("timeline", timeline(period(-12, 6, ANA), period(6, 72, BEA)))
    return {
        f"/v2/schedules/{SCHEDULE_ID}/timeline": final,
        f"/v2/schedules/{SCHEDULE}/timeline": final,
        f"/v2/escalations/{POLICY}": answer({"id": "e", "name": POLICY, "rules": list(changes.get("rules", RULES))}),
        "/v2/integrations": answer(changes.get("integrations", [INTEGRATED])),
        "/v1/maintenance": answer(changes.get("maintenance", [])),
        "/v1/maintenance/m1": answer({"id": "m1", "status": "planned", "rules": changes.get("switched", [])}),
        **users,
    }


def seen(section: Mapping[str, Any] = SECTION, **changes: Any) -> OnCallEvidence:  # noqa: ANN401 - JSON
    """What is read of it."""
    return of_replies(table(documents(**changes), ABSENT), section)


def names_in(document: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """All keys of a document, at every depth."""
    for inner in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from names_in(inner)
    if isinstance(document, dict):
        yield from document


def test_documents_are_of_published_members() -> None:
    """Nothing of these tests is read that the description does not have."""
    published = {name for members in PUBLISHED.values() for name in members.split()}
    windows = [{"id": "m1", "status": "planned", "time": {"type": "schedule", "startDate": at(1), "endDate": at(2)}}]
    used = {name for document in documents(maintenance=windows).values() for name in names_in(document)}
    assert not used - published


def test_healthy_account() -> None:
    """The schedule is level 1, and whoever is named is told after five minutes."""
    evidence = seen()
    assert (evidence.system, evidence.unread, evidence.absent, evidence.levels) == ("Opsgenie", (), (), 2)
    assert [shift.person for shift in evidence.first] == ["ana@shop.test", "bea@shop.test"]
    assert [(shift.person, shift.level, shift.begins) for shift in evidence.told][-1] == ("bea@shop.test", 2, None)
    assert {(one.person, one.methods, one.rules) for one in evidence.people} == {
        ("ana@shop.test", ("voice",), 1),
        ("bea@shop.test", ("voice",), 1),
    }
    assert evidence.service is not None
    assert (evidence.service.status, evidence.service.maintenance) == ("enabled", ())


def test_schedule_is_asked_by_its_name_and_for_the_time() -> None:
    """From a day before, in days; ids are told as ids."""
    asked: dict[str, Mapping[str, list[str]]] = {}
    known = table(documents(), ABSENT)

    def reply(path: str, query: Mapping[str, list[str]]) -> Answer:
        asked[path] = query
        return known(path, query)

    for schedule, kind in ((SCHEDULE, "name"), (SCHEDULE_ID, "id")):
        evidence = of_replies(reply, {"system": "opsgenie", "schedule": schedule})
        query = asked[f"/v2/schedules/{schedule}/timeline"]
        assert (query["identifierType"], query["intervalUnit"], query["interval"]) == ([kind], ["days"], ["3"])
        assert datetime.fromisoformat(query["date"][0]) <= evidence.begins - timedelta(days=1)
        assert evidence.first == evidence.told
        assert evidence.levels == 0


@pytest.mark.parametrize(
    ("changes", "absent"),
    [
        ({"policy": "Other"}, "escalation Other"),
        ({"policy": None, "schedule": "Other"}, "schedule Other"),
        ({"service": "Other"}, "integration Other"),
    ],
)
def test_what_is_declared_and_not_there(changes: Json, absent: str) -> None:
    """By Opsgenie's own word."""
    assert seen({**SECTION, **changes}).absent == (absent,)


def test_schedule_that_tells_nobody() -> None:
    """A disabled one, and one that the escalation does not lead to."""
    assert seen(timeline=timeline(enabled=False)).absent == (f"schedule {SCHEDULE_ID} that is enabled",)
    elsewhere = seen({**SECTION, "schedule": SCHEDULE}, rules=[rule(TO_BEA, 0)])
    assert elsewhere.absent == (f"schedule {SCHEDULE} in the escalation {POLICY}",)


def test_levels_are_delays() -> None:
    """Who is told at the same time is of one level, whatever the unit; nobody is a recipient of its own."""
    rules = [rule(TO_SCHEDULE, 0), rule(TO_BEA, 60), rule({"type": "none"}, 1, unit="hours")]
    evidence = seen(rules=rules)
    assert (evidence.levels, evidence.second_after) == (2, timedelta(hours=1))
    assert {shift.level for shift in evidence.told} == {1, 2}


@pytest.mark.parametrize(
    ("recipient", "notify", "words"),
    [
        ({"type": "team", "id": "t", "name": "Platform"}, "all", "level 2 of the escalation tells team Platform (all)"),
        (TO_SCHEDULE, "next", f"level 2 of the escalation tells schedule {SCHEDULE} (next)"),
    ],
)
def test_who_is_told_later_is_unknown_by_itself(recipient: Json, notify: str, words: str) -> None:
    """Who is first is known all the same."""
    evidence = seen(rules=[rule(TO_SCHEDULE, 0), rule(recipient, 5, notify)])
    (missing,) = evidence.unread
    assert missing.fact == "told"
    assert words in missing.reason
    assert len(evidence.first) == 2


@pytest.mark.parametrize(
    ("final", "words"),
    [
        (timeline(period(-1, 72, {"id": "t", "type": "team", "name": "T"})), "a team is on call"),
        (timeline(period(-1, 72, {})), "a recipient without a type is on call"),
        (timeline(ends=5), "and more was asked for"),
        (timeline(period(-1, 72, ANA) | {"endDate": "never"}), "endDate of a period is no time: 'never'"),
        (timeline(period(-1, 72, {"type": "user"})), "without id or name"),
        (answer({"startDate": at(-48), "endDate": at(96)}), "gave no timeline"),
        ({"took": 1}, "gave no data"),
        (Answer(status=403, document=ABSENT), "does not let the token read"),
        (Answer(status=401, document=ABSENT), "refuses the token (401)"),
        (Answer(status=429, document=ABSENT, headers={"Retry-After": "0"}), "answered 429"),
        (Answer(status=404, document={}), "not in the words of Opsgenie"),
    ],
)
def test_what_is_no_timeline_is_unknown(final: Any, words: str) -> None:  # noqa: ANN401 - JSON, or an answer
    """For who is on call alone; rights are named as Opsgenie names them."""
    evidence = seen(timeline=final)
    assert {missing.fact for missing in evidence.unread} == {"first", "told", "people"}
    assert words in evidence.unread[0].reason
    if isinstance(final, Answer):
        assert "Read and Configuration access" in evidence.unread[0].hint
    assert evidence.levels == 2
    assert evidence.service is not None


def test_period_of_nobody_is_a_gap() -> None:
    """And what was forwarded is told by whom it reached."""
    flat = [{**BEA, "forwardedFrom": "ana@shop.test"}]
    periods = (period(-1, 3, {"type": "none"}), period(3, 72, ANA, type="historical", flattenedRecipients=flat))
    evidence = seen(timeline=timeline(*periods))
    assert [shift.person for shift in evidence.first] == ["bea@shop.test"]


def test_nobody_is_told_without_a_rule_or_a_contact() -> None:
    """Rules of other events, and rules that are off, tell nobody of an alert."""
    off = seen(notification=[CLOSED, {**NEW_ALERT, "enabled": False}])
    assert {(one.methods, one.rules) for one in off.people} == {(("voice",), 0)}
    mute = seen(contacts=[MAIL])
    assert {(one.methods, one.rules) for one in mute.people} == {((), 0)}


INTEGRATION_OFF = {"state": "disabled", "entity": {"id": "i1", "type": "integration"}}


@pytest.mark.parametrize(
    ("time", "status", "rules", "found"),
    [
        ({"type": "schedule", "startDate": at(3), "endDate": at(5)}, "planned", [INTEGRATION_OFF], 1),
        ({"type": "indefinitely", "startDate": at(-3)}, "active", [INTEGRATION_OFF], 1),
        ({"type": "schedule", "startDate": at(90), "endDate": at(95)}, "planned", [INTEGRATION_OFF], 0),
        ({"type": "schedule", "startDate": at(3), "endDate": at(5)}, "cancelled", [INTEGRATION_OFF], 0),
        ({"type": "schedule", "startDate": at(3), "endDate": at(5)}, "planned", [], 0),
        (
            {"type": "schedule", "startDate": at(3), "endDate": at(5)},
            "planned",
            [{"state": "enabled", "entity": {"id": "i1", "type": "integration"}}],
            0,
        ),
    ],
)
def test_maintenance_counts_that_switches_the_integration_off(
    time: Json, status: str, rules: list[Json], found: int
) -> None:
    """Within the time of the launch."""
    evidence = seen(maintenance=[{"id": "m1", "status": status, "time": time}], switched=rules)
    assert evidence.service is not None
    assert len(evidence.service.maintenance) == found


def test_integration_that_is_off_or_meant_twice() -> None:
    """An id tells which is meant."""
    off = seen(integrations=[{**INTEGRATED, "enabled": False}]).service
    assert off is not None
    assert not off.takes_alerts
    twice = seen(integrations=[INTEGRATED, {**INTEGRATED, "id": "i2"}])
    assert [missing.fact for missing in twice.unread] == ["service"]
    one = seen({**SECTION, "service": "i2"}, integrations=[INTEGRATED, {**INTEGRATED, "id": "i2"}])
    assert one.service is not None


def test_login_is_a_key() -> None:
    """In Opsgenie's own way."""
    assert logged_in(SECTION) == f"GenieKey {TOKEN}"
