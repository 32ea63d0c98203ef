"""What is read of a project, its keys and its alerts at Sentry, as its specification gives them, and of servers like it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.sentry import Alert, KeyLimit, Recipient
from gonogo.families.sentry.alerts import read_workflows
from gonogo.families.sentry.rates import HARDLY_EVER
from reference.doubles.sentry_objects import SentrySettings, client_key, project, rule, workflow
from tests.support.provider_doubles import (
    DSN,
    KEY,
    NUMBER,
    ORGANIZATION_PATH,
    SENTRY_PATH,
    Answer,
    Replies,
    asked,
    project_of,
    sentry,
)

Json = dict[str, Any]
Query = Mapping[str, list[str]]
GONE = Answer(status=404, document={"detail": "The requested resource does not exist"})
WORKFLOWS, DETECTORS = f"{ORGANIZATION_PATH}/workflows/", f"{ORGANIZATION_PATH}/detectors/"


def seen(settings: SentrySettings | None = None, **replaced: Any) -> Any:  # noqa: ANN401 - evidence
    """The evidence, with some answers replaced by the last part of their paths."""
    paths = {
        "project": f"{SENTRY_PATH}/",
        "keys": f"{SENTRY_PATH}/keys/",
        "rules": f"{SENTRY_PATH}/rules/",
        "workflows": WORKFLOWS,
        "detectors": DETECTORS,
    }
    answers = {
        paths[key]: value if isinstance(value, Answer) else Answer(document=value) for key, value in replaced.items()
    }
    return asked(project_of, sentry(settings, answers))


def test_the_project_and_the_key_of_the_service() -> None:
    """A DSN is a key, a host and a number; each can be another project's."""
    other = "https://key@ingest.elsewhere.example/prefix/4777"
    found = seen(SentrySettings(key_limit=(1, 86400)))
    assert (found.status, found.number, found.dsn_number) == ("active", "4501", "4501")
    assert (found.dsn_host, found.ingest_host) == ("o1.ingest.sentry.example", "o1.ingest.sentry.example")
    assert (found.key_known, found.key_active) == (True, True)
    assert found.key_limit == KeyLimit(count=1, window=timedelta(days=1))
    assert seen(keys=[client_key(SentrySettings(), 4777, KEY, other)]).ingest_host == "ingest.elsewhere.example/prefix"
    assert not seen(keys=[client_key(SentrySettings(), NUMBER, "0" * 32, DSN)]).key_known


def test_todays_alerts_with_all_that_qualifies_them() -> None:
    """An alert that is counted and not read would tell nobody, and pass."""
    settings = SentrySettings(alerts_environment="staging", owners_only=True, action_status="disabled")
    assert seen(settings).alerts == (
        Alert(
            name="Errors",
            enabled=True,
            repeats=timedelta(minutes=30),
            environment="staging",
            monitors=("error",),
            triggers=("new_high_priority_issue", "existing_high_priority_issue"),
            recipients=(Recipient(kind="email", status="disabled", target="issue_owners", fallthrough="NoOne"),),
        ),
    )


@pytest.mark.parametrize(
    ("connected", "detectors", "monitors"),
    [
        (["71"], [{"id": "71", "type": "error", "enabled": True}], ("error",)),
        (["71"], [{"id": "71", "type": "error", "enabled": False}], ()),
        (["72"], [{"id": "71", "type": "error", "enabled": True}], ()),
        ([], [{"id": "71", "type": "error", "enabled": True}], ()),
        (None, [], ()),
        (["71"], Answer(status=403), ("unknown",)),
        (["71"], GONE, ("unknown",)),
        ([], GONE, ()),
        (["71"], [{"id": "71", "type": "error", "enabled": True, "projectId": "4777"}], ()),
    ],
)
def test_an_alert_is_connected_to_monitors_of_the_project(
    connected: Any,  # noqa: ANN401 - whatever JSON holds
    detectors: Any,  # noqa: ANN401 - as above
    monitors: tuple[str, ...],
) -> None:
    """An alert that no monitor of the project sets off never fires."""
    alert = {**workflow(SentrySettings()), "detectorIds": connected}
    assert seen(workflows=[alert], detectors=detectors).alerts[0].monitors == monitors


@pytest.mark.parametrize(
    ("group", "triggers", "every"),
    [
        ({"logicType": "any-short", "conditions": []}, (), False),
        (None, (), False),
        ({"logicType": "all", "conditions": [{"type": "first_seen_event"}]}, ("first_seen_event",), True),
        ({"logicType": "none", "conditions": [{"type": "first_seen_event"}]}, ("not first_seen_event",), True),
        ({"conditions": [{"type": "first_seen_event", "comparison": False}]}, ("not first_seen_event",), False),
        ({"conditions": [{}]}, ("unknown",), False),
    ],
)
def test_triggers_with_their_logic(group: Json | None, triggers: tuple[str, ...], *, every: bool) -> None:
    """An alert about everything but new errors would count as one about new errors."""
    (alert,) = seen(workflows=[{**workflow(SentrySettings()), "triggers": group}]).alerts
    assert (alert.triggers, alert.every_trigger) == (triggers, every)


def level(number: Any, match: str, **more: Any) -> Json:  # noqa: ANN401 - whatever JSON holds
    """A filter by the level of an event."""
    return {"type": "level", "comparison": {"level": number, "match": match}, "conditionResult": True, **more}


def tagged(key: str, match: str, value: str) -> Json:
    """A filter by a tag of an event, as the specification shows it."""
    return {"type": "tagged_event", "comparison": {"key": key, "match": match, "value": value}}


def tagged_level(match: str, value: str) -> Json:
    """By the tag ``level``."""
    return tagged("level", match, value)


TAGGED = tagged("customer", "eq", "acme")
STAGING = {"key": "environment", "match": "eq", "value": "staging"}
PRODUCTION = {"match": "eq", "value": "production"}


@pytest.mark.parametrize(
    ("conditions", "logic", "passes"),
    [
        ([], "all", True),
        ([level(50, "eq")], "all", False),
        ([level(50, "gte")], "all", False),
        ([level(20, "lte")], "all", False),
        ([level(40, "gte")], "all", True),
        ([level("40", "eq")], "all", True),
        ([level(50, "eq", conditionResult=False)], "all", True),
        ([level(50, "eq")], "none", True),
        ([level(40, "eq")], "none", False),
        ([level(50, "eq"), TAGGED], "all", False),
        ([level(50, "eq"), TAGGED], "any-short", None),
        ([level(40, "eq"), TAGGED], "any-short", True),
        ([TAGGED], "all", None),
        ([tagged_level("eq", "error")], "all", True),
        ([tagged_level("eq", "fatal")], "all", False),
        ([tagged_level("ne", "fatal")], "all", True),
        ([tagged_level("nc", "err")], "all", False),
        ([tagged_level("sw", "e")], "all", True),
        ([tagged("environment", "eq", "production")], "all", True),
        ([tagged("Environment", "eq", "Production")], "all", True),
        ([tagged("environment", "eq", "staging")], "all", False),
        ([tagged("environment", "ne", "staging")], "all", True),
        ([tagged("environment", "nsw", "prod")], "all", False),
        ([tagged("environment", "ew", "tion")], "all", True),
        ([tagged("environment", "in", "staging, production")], "all", True),
        ([tagged("environment", "nin", "staging,production")], "all", False),
        ([tagged("environment", "in", "prod, production")], "all", True),
        ([tagged("environment", "in", "staging,dev")], "all", False),
        ([tagged("environment", "is", "")], "all", True),
        ([tagged("environment", "ns", "")], "all", False),
        ([tagged("environment", "eq", "prod")], "all", None),
        ([tagged("environment", "ne", "prod")], "all", None),
        ([tagged("environment", "sw", "prod")], "all", True),
        ([tagged("environment", "eq", "production"), TAGGED], "all", None),
        ([tagged("environment", "eq", "staging"), TAGGED], "all", False),
        ([{"type": "event_attribute", "comparison": {**PRODUCTION, "attribute": "environment"}}], "all", True),
        ([{"type": "event_attribute", "comparison": {**PRODUCTION, "attribute": "message"}}], "all", None),
        ([{"type": "event_frequency_count", "comparison": {"value": 10, "filters": [STAGING]}}], "all", False),
        ([{"type": "event_frequency_count", "comparison": {"value": 10, "filters": []}}], "all", True),
        ([{"type": "issue_category", "comparison": {"value": 6}}], "all", False),
        ([{"type": "issue_category", "comparison": {"value": 1}}], "all", True),
        ([{"type": "issue_occurrences", "comparison": {"value": 10}}], "all", True),
        ([{}], "all", None),
    ],
)
def test_filters_of_an_action(conditions: list[Json], logic: str, *, passes: bool | None) -> None:
    """An action for fatal errors, or for one customer, would count as one for every new error."""
    told = workflow(SentrySettings())
    part = {**told["actionFilters"][0], "conditions": conditions, "logicType": logic}
    (alert,) = seen(workflows=[{**told, "actionFilters": [part]}]).alerts
    assert [one.passes for one in alert.recipients] == [passes]


@pytest.mark.parametrize(
    ("kind", "comparison", "needs"),
    [
        ("event_frequency_count", {"value": 100, "interval": "5m"}, 1200),
        ("event_frequency_count", {"value": 240, "interval": "1d"}, 10),
        ("event_frequency_count", {"value": 5, "interval": "?"}, 5),
        ("event_unique_user_frequency_count", {"value": 3, "interval": "1h"}, 3),
        ("event_frequency_count", {"value": 5000, "interval": "1h", "comparisonType": "percent"}, HARDLY_EVER),
        ("event_frequency_percent", {"value": 200, "interval": "1h", "comparison_interval": "1w"}, 0),
        ("event_frequency_percent", {"value": 5000, "interval": "1h"}, HARDLY_EVER),
        ("percent_sessions_count", {"value": 100, "interval": "1h"}, HARDLY_EVER),
        ("percent_sessions_count", {"value": 5, "interval": "1h"}, 0),
        ("issue_occurrences", {"value": 5000}, 5000),
        ("latest_release", True, 0),
    ],
)
def test_number_of_events_that_a_condition_demands(kind: str, comparison: Any, needs: float) -> None:  # noqa: ANN401 - JSON
    """As a trigger and as a filter; of several filters the most, and the least where any of them will do."""
    condition, told = {"type": kind, "comparison": comparison}, workflow(SentrySettings())
    easy = {"type": "issue_occurrences", "comparison": {"value": 1}}
    parts = [
        {**told["actionFilters"][0], "conditions": conditions, "logicType": logic}
        for conditions, logic in (([condition], "all"), ([condition, easy], "any-short"), ([condition], "none"))
    ]
    started = {"logicType": "any-short", "conditions": [condition]}
    (alert,) = seen(workflows=[{**told, "triggers": started, "actionFilters": parts}]).alerts
    assert [one.needs for one in alert.recipients] == [needs, min(needs, 1), 0]
    assert alert.needs == ({kind: needs} if needs else {})


@pytest.mark.parametrize(
    ("filters", "match", "passes"),
    [
        ([], "all", True),
        ([{"id": "sentry.rules.filters.level.LevelFilter", "level": "50", "match": "eq"}], "all", False),
        ([{"id": "sentry.rules.filters.issue_category.IssueCategoryFilter", "value": "1"}], "all", True),
        ([{"id": "sentry.rules.filters.assigned_to.AssignedToFilter"}], "any", None),
        ([{"id": "com.example.Moon"}], "all", None),
        ([{"id": "sentry.rules.filters.tagged_event.TaggedEventFilter", **STAGING}], "all", False),
        (
            [{"id": "sentry.rules.filters.tagged_event.TaggedEventFilter", "key": "environment", **PRODUCTION}],
            "all",
            True,
        ),
    ],
)
def test_filters_of_the_rules_of_before(filters: list[Json], match: str, *, passes: bool | None) -> None:
    """They have the same filters under other names."""
    older = {**rule(SentrySettings()), "filters": filters, "filterMatch": match}
    assert [one.passes for one in seen(workflows=GONE, rules=[older]).alerts[0].recipients] == [passes]


def test_filter_is_told_in_full() -> None:
    """Whoever reads that it depends on a tag wants to know on which."""
    document = workflow(SentrySettings())
    part = {**document["actionFilters"][0], "conditions": [TAGGED, level(40, "gte")]}
    (alert,) = seen(workflows=[{**document, "actionFilters": [part]}]).alerts
    assert alert.recipients[0].filters == ("tag customer eq acme", "level")
    older = {**rule(SentrySettings()), "filters": [{"id": "a.TaggedEventFilter", **STAGING}]}
    assert seen(workflows=GONE, rules=[older]).alerts[0].recipients[0].filters == ("tag environment eq staging",)


def test_filter_by_an_environment_that_is_not_declared() -> None:
    """Nobody knows what the service's events name."""
    document = workflow(SentrySettings())
    part = {**document["actionFilters"][0], "conditions": [tagged("environment", "eq", "production")]}
    (alert,) = read_workflows([{**document, "actionFilters": [part]}], None, "4501", None)
    assert alert.recipients[0].passes is None


def test_rule_that_fires_where_nothing_of_it_is_so() -> None:
    """``none`` of a new issue is every event but the first."""
    older = {**rule(SentrySettings()), "actionMatch": "none"}
    (alert,) = seen(workflows=GONE, rules=[older]).alerts
    assert (alert.triggers, alert.every_trigger) == (("not first_seen_event",), True)


def test_events_in_the_clear_go_elsewhere() -> None:
    """``http`` in a DSN is another port, and anybody on the way reads the events."""
    found = seen(keys=[client_key(SentrySettings(), NUMBER, KEY, DSN.replace("https", "http"))])
    assert (found.dsn_host, found.ingest_host) == ("o1.ingest.sentry.example", "o1.ingest.sentry.example:80")


def test_an_answer_about_another_project_is_none() -> None:
    """A cache or a proxy between us and Sentry gave what somebody else asked for."""
    with pytest.raises(Unobserved, match="gave the project other"):
        seen(project=project(NUMBER, "other"))
    assert seen(project=project(NUMBER, "workme-api")).found


@pytest.mark.parametrize(
    ("target", "identifier", "named"),
    [
        ("user", None, False),
        ("team", "", False),
        ("team", "7", True),
        ("issue_owners", None, True),
        ("specific", None, True),
    ],
)
def test_mail_that_names_nobody(target: str, identifier: str | None, *, named: bool) -> None:
    """The member or team was removed, and the action stayed."""
    alert = workflow(SentrySettings())
    alert["actionFilters"][0]["actions"][0]["config"] = {"targetType": target, "targetIdentifier": identifier}
    assert [recipient.named for recipient in seen(workflows=[alert]).alerts[0].recipients] == [named]


def test_rules_of_before_are_read_where_there_are_no_workflows() -> None:
    """An older Sentry has its alerts at another path, and classes for names."""
    older = {**rule(SentrySettings()), "actionMatch": "all", "environment": "production"}
    older["actions"] = [
        {"id": "sentry.mail.actions.NotifyEmailAction", "targetType": "IssueOwners", "fallthroughType": "NoOne"},
        {"id": "sentry.integrations.pagerduty.notify_action.PagerDutyNotifyServiceAction"},
        {"id": "com.example.Pigeon"},
    ]
    muted = {**rule(SentrySettings()), "snooze": True, "snoozeForEveryone": True}
    for_me = {**rule(SentrySettings()), "snooze": True, "snoozeForEveryone": False, "snoozeCreatedBy": "You"}
    first, *others = seen(workflows=GONE, rules=[older, muted, for_me]).alerts
    assert first == Alert(
        name="Errors",
        enabled=True,
        repeats=timedelta(minutes=30),
        environment="production",
        monitors=("error",),
        triggers=("first_seen_event",),
        every_trigger=True,
        recipients=(
            Recipient(kind="email", target="issue_owners", fallthrough="NoOne"),
            Recipient(kind="pagerduty"),
            Recipient(kind="Pigeon"),
        ),
    )
    assert [other.muted for other in others] == ["everybody", "reader"]


def test_an_older_sentry_wants_the_projects_number() -> None:
    """It would refuse the slug with 400, and nobody's alerts would be read."""
    healthy = sentry()

    def reply(path: str, query: Query) -> Answer:
        if path in {WORKFLOWS, DETECTORS} and query["project"] != [str(NUMBER)]:
            return Answer(status=400, document={"detail": "Invalid project parameter. Values must be numbers."})
        return healthy(path, query)

    assert seen_alerts(reply) == 1


def seen_alerts(replies: Replies) -> int:
    """How many alerts this Sentry tells of."""
    return len(asked(project_of, replies).alerts)


def test_a_project_that_was_renamed() -> None:
    """Sentry says where it went; that is worth more than a status."""
    detail = {"code": "resource-moved", "extra": {"url": "/x/", "slug": "workme-api2"}}
    moved = seen(project=Answer(status=302, document={"slug": "workme-api2", "detail": detail}))
    assert (moved.found, moved.moved_to) == (False, "workme-api2")
    assert not seen(project=GONE).found


@pytest.mark.parametrize("document", [{}, {"id": "1"}, {"slug": "x"}, [], 7])
def test_what_has_no_id_and_slug_is_no_project(document: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """An empty object would be the project."""
    with pytest.raises(Unobserved, match="gave no project"):
        seen(project=document)


def test_a_server_without_sentrys_web_api() -> None:
    """Bugsink takes Sentry's events, and answers every path of the Web API with a page: the project is not gone."""
    html = Answer(status=404, document=b"<!doctype html><title>Not Found</title>")
    with pytest.raises(Unobserved, match="not in the words of Sentry"):
        asked(project_of, lambda _path, _query: html)


def test_a_server_without_sentrys_alerts() -> None:
    """GlitchTip knows projects and keys, and neither workflows nor rules: who is told cannot be told."""
    plain = {**project(NUMBER, "workme-api")}
    del plain["status"]
    found = seen(project=plain, workflows=GONE, detectors=GONE, rules=GONE)
    (unread,) = found.unread
    assert (unread.fact, found.key_known, found.status) == ("alerts", True, "")
    assert "attest the line" in unread.hint
