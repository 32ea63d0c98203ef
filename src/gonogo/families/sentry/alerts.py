"""Reads Sentry's alerts: workflows, as they are called today, and the project's rules of before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from gonogo.clients.json_api import mapping, objects, text, whole
from gonogo.evidence.sentry import Alert, Recipient
from gonogo.families.sentry.filters import condition_name, filter_kind, filter_name, passes_rule, passes_workflow
from gonogo.families.sentry.rates import events_needed, needed_together

_UNKNOWN = "unknown"
_MAIL = "email"
_RULE_TRIGGERS = {
    "FirstSeenEventCondition": "first_seen_event",
    "RegressionEventCondition": "regression_event",
    "ReappearedEventCondition": "reappeared_event",
    "EveryEventCondition": "every_event",
    "NewHighPriorityIssueCondition": "new_high_priority_issue",
    "ExistingHighPriorityIssueCondition": "existing_high_priority_issue",
    "EventFrequencyCondition": "event_frequency_count",
    "EventFrequencyPercentCondition": "percent_sessions_count",
    "EventUniqueUserFrequencyCondition": "event_unique_user_frequency_count",
}
"""Classes of the older rules' conditions, by the names that workflows have for them."""
_RULE_ACTIONS = {
    "NotifyEmailAction": _MAIL,
    "SlackNotifyServiceAction": "slack",
    "DiscordNotifyServiceAction": "discord",
    "MsTeamsNotifyServiceAction": "msteams",
    "PagerDutyNotifyServiceAction": "pagerduty",
    "OpsgenieNotifyTeamAction": "opsgenie",
    "NotifyEventAction": "plugin",
    "NotifyEventServiceAction": "webhook",
    "NotifyEventSentryAppAction": "sentry_app",
    "JiraCreateTicketAction": "jira",
    "JiraServerCreateTicketAction": "jira_server",
    "GitHubCreateTicketAction": "github",
    "GitHubEnterpriseCreateTicketAction": "github_enterprise",
    "AzureDevopsCreateTicketAction": "vsts",
}
_NAMED_TARGETS, _NOBODY = {"user", "team"}, {None, ""}
_RULE_TARGETS = {"Member": "user", "Team": "team", "IssueOwners": "issue_owners"}


def read_workflows(
    workflows: Sequence[dict[str, Any]],
    detectors: Sequence[dict[str, Any]] | None,
    project: str,
    environment: str | None,
) -> tuple[Alert, ...]:
    """Alerts of today; without a list of the monitors of the project, by its number, their kinds are unknown.

    ``environment`` is what the service's events name as theirs; None if that is not declared.
    """
    own = [detector for detector in detectors or () if str(detector.get("projectId", project)) == project]
    monitors = None if detectors is None else {str(detector.get("id")): _monitor(detector) for detector in own}
    return tuple(_workflow(workflow, monitors, environment) for workflow in workflows)


def read_rules(rules: Sequence[dict[str, Any]], environment: str | None) -> tuple[Alert, ...]:
    """Alerts of the older kind, which are about the errors of their project always."""
    return tuple(_rule(rule, environment) for rule in rules)


def _monitor(detector: Mapping[str, Any]) -> str:
    """Kind of a monitor; empty if it is switched off."""
    return (text(detector.get("type")) or _UNKNOWN) if detector.get("enabled") is not False else ""


def _workflow(workflow: Mapping[str, Any], monitors: Mapping[str, str] | None, environment: str | None) -> Alert:
    """An alert of today's Sentry: a workflow with monitors, triggers and recipients."""
    connected = workflow.get("detectorIds")
    numbers = [str(number) for number in connected] if isinstance(connected, list) else []
    kinds = [_UNKNOWN for _ in numbers] if monitors is None else [monitors.get(number, "") for number in numbers]
    when = mapping(workflow.get("triggers"))
    return Alert(
        name=str(workflow.get("name")),
        enabled=workflow.get("enabled") is True,
        repeats=_minutes(mapping(workflow.get("config")).get("frequency")),
        environment=text(workflow.get("environment")),
        monitors=tuple(sorted({kind for kind in kinds if kind})),
        triggers=tuple(_trigger(condition, when) for condition in objects(when.get("conditions"))),
        needs=_least(
            (text(condition.get("type")), mapping(condition.get("comparison")))
            for condition in objects(when.get("conditions"))
        ),
        every_trigger=when.get("logicType") in {"all", "none"},
        recipients=tuple(
            recipient for part in objects(workflow.get("actionFilters")) for recipient in _recipients(part, environment)
        ),
    )


def _least(conditions: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, float]:
    """How many events an hour each kind of trigger demands; the least where it is there more than once."""
    demands = [(kind, events) for kind, wanted in conditions if (events := events_needed(kind, wanted))]
    return dict(sorted(demands, reverse=True))


def _minutes(value: object) -> timedelta | None:
    minutes = whole(value)
    return None if minutes is None else timedelta(minutes=minutes)


def _trigger(condition: Mapping[str, Any], group: Mapping[str, Any]) -> str:
    kind = text(condition.get("type")) or _UNKNOWN
    negated = condition.get("comparison") is False or condition.get("conditionResult") is False
    return f"not {kind}" if negated != (group.get("logicType") == "none") else kind


def _recipients(part: Mapping[str, Any], environment: str | None) -> Iterator[Recipient]:
    """The actions of one filter."""
    conditions = objects(part.get("conditions"))
    logic = text(part.get("logicType"))
    passes = passes_workflow(conditions, logic, environment)
    each = [events_needed(text(one.get("type")), mapping(one.get("comparison"))) for one in conditions]
    for action in objects(part.get("actions")):
        config = mapping(action.get("config"))
        target = text(config.get("targetType"))
        yield Recipient(
            kind=text(action.get("type")) or _UNKNOWN,
            status=text(action.get("status")),
            target=target,
            named=target not in _NAMED_TARGETS or config.get("targetIdentifier") not in _NOBODY,
            filters=tuple(condition_name(condition) for condition in conditions),
            passes=passes,
            needs=needed_together(each, logic),
            fallthrough=text(mapping(action.get("data")).get("fallthroughType")),
        )


def _rule(rule: Mapping[str, Any], environment: str | None) -> Alert:
    """An alert of an older or self-hosted Sentry: a rule of the project."""
    for_everybody = rule.get("snoozeForEveryone") is not False
    return Alert(
        name=str(rule.get("name")),
        enabled=rule.get("status", "active") == "active",
        muted="" if rule.get("snooze") is not True else "everybody" if for_everybody else "reader",
        repeats=_minutes(rule.get("frequency")),
        environment=text(rule.get("environment")),
        monitors=("error",),
        triggers=tuple(
            f"{'not ' * (rule.get('actionMatch') == 'none')}{_class(condition, _RULE_TRIGGERS)}"
            for condition in objects(rule.get("conditions"))
        ),
        needs=_least((_class(condition, _RULE_TRIGGERS), condition) for condition in objects(rule.get("conditions"))),
        every_trigger=rule.get("actionMatch") in {"all", "none"},
        recipients=tuple(_rule_recipient(action, rule, environment) for action in objects(rule.get("actions"))),
    )


def _rule_recipient(action: Mapping[str, Any], rule: Mapping[str, Any], environment: str | None) -> Recipient:
    target, filters = text(action.get("targetType")), objects(rule.get("filters"))
    kind, match = _class(action, _RULE_ACTIONS), text(rule.get("filterMatch"))
    return Recipient(
        kind=kind,
        target=_RULE_TARGETS.get(target, target),
        named=_RULE_TARGETS.get(target) not in _NAMED_TARGETS or action.get("targetIdentifier") not in _NOBODY,
        filters=tuple(filter_name(part) for part in filters),
        passes=passes_rule(filters, match, environment),
        needs=needed_together([events_needed(filter_kind(part), part) for part in filters], match),
        fallthrough=text(action.get("fallthroughType")),
    )


def _class(part: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The name of today for a part of a rule, which is named by its class: ``sentry.mail.actions.NotifyEmailAction``."""
    name = text(part.get("id")).rpartition(".")[2]
    return names.get(name, name or _UNKNOWN)
