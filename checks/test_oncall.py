"""Who is told of an alert while users come, by the team's own on-call system."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import pytest

from gonogo.base.comparing import at_least, at_most, equal, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Failed, Unobserved
from gonogo.base.wording import and_more, counted
from gonogo.environment.model import Environment
from gonogo.evidence.oncall import Maintenance, OnCallEvidence, Span, gaps
from gonogo.families.oncall.section import OnCall
from gonogo.policy.catalogue import Policy

_FEW = 3


@pytest.mark.check("oncall-covered")
def test_somebody_is_on_call(oncall: OnCallEvidence, environment: Environment) -> None:
    """If nobody is on call when an alert comes, users report the problem before anybody reads the alert.

    If a level of the policy has nobody, a later level covers it. A declared schedule must cover itself.

    Fix: put somebody into the schedule for the time that is named, or add an override.
    """
    _require_all_there(oncall)
    oncall.require("first")
    missing = gaps(oncall.first, oncall.begins, oncall.ends)
    if missing and environment.require(OnCall).schedule is None:
        oncall.require("told")
        missing = gaps(oncall.told, oncall.begins, oncall.ends)
    assert nothing(map(_span, missing), "time in which nobody is on call"), (
        f"{oncall.system}: nobody is on call {_spans(missing)}"
    )


@pytest.mark.check("oncall-escalates")
def test_second_person_is_told(oncall: OnCallEvidence, policy: Policy) -> None:
    """If the first person does not answer, the policy must soon notify a second one, or nobody reacts.

    Fix: add a second level to the escalation policy, with somebody who is not on call at the first one, and let it come
    after minutes.
    """
    _require_all_there(oncall)
    oncall.require("levels", "told")
    assert at_least(oncall.levels, 1, "levels of the escalation policy"), (
        f"{oncall.system}: the escalation policy has no level: it notifies nobody"
    )
    alone = gaps(oncall.told, oncall.begins, oncall.ends, people=2)
    people = sorted({shift.person for shift in oncall.told})
    whom = people[0] if len(people) == 1 else "one person"
    assert nothing(map(_span, alone), "time in which one person alone is told"), (
        f"{oncall.system}: only {whom} is notified {_spans(alone)}: the escalation policy has {counted(oncall.levels, 'level')}"
    )
    longest, after = policy.duration("longest"), oncall.second_after
    if after is not None and gaps(oncall.first, oncall.begins, oncall.ends, people=2):
        assert at_most(after, longest, "second level is notified after"), (
            f"{oncall.system}: the second level is notified after {format_duration(after)}; at most "
            f"{format_duration(longest)} is allowed"
        )


@pytest.mark.check("oncall-reachable")
def test_people_on_call_can_be_told(oncall: OnCallEvidence) -> None:
    """A schedule notifies nobody by itself: each person needs a notification rule and a working contact method.

    Fix: let each named person add a contact method and a rule for urgent alerts to their profile, and send a test.
    """
    oncall.require("people")
    if not oncall.people:
        _require_all_there(oncall)
        raise Unobserved(f"{oncall.system}: nobody is on call, so there is nobody to check")
    mute = [f"{one.person} has no contact method that is switched on" for one in oncall.people if not one.methods]
    mute += [
        f"{one.person} has no notification rule for urgent alerts ({', '.join(one.methods)} could be used)"
        for one in oncall.people
        if one.methods and not one.rules
    ]
    assert nothing(mute, "people whom nothing calls", of=len(oncall.people)), f"{oncall.system}: {and_more(mute, _FEW)}"


@pytest.mark.check("oncall-service")
def test_alerts_become_incidents(oncall: OnCallEvidence, environment: Environment) -> None:
    """A disabled service, or a forgotten maintenance window, discards every alert.

    Fix: enable the service that is named, end or move its maintenance window, set its urgency to high, and give it the
    escalation policy of the launch.
    """
    oncall.require("service")
    service = oncall.service
    if service is None:
        _require_all_there(oncall)
        raise Unobserved(f"{oncall.system}: the service could not be read")
    name = f"{oncall.system}: {service.name}"
    assert shown(service.takes_alerts, "service", service.status, "takes alerts"), (
        f"{name} is {service.status}: an alert opens no incident, so nobody is notified"
    )
    spans = [_of(maintenance, oncall.ends) for maintenance in service.maintenance]
    assert nothing(map(_span, spans), "maintenance windows over the launch"), (
        f"{name} has a maintenance window {_spans(spans)}, in which nobody is notified of an alert"
    )
    assert so(not service.quiet, "urgency of its incidents", "high", f"low, {service.quiet}"), (
        f"{name} makes incidents of low urgency {service.quiet}: they do not escalate, and people are notified of them by "
        "their rules for low urgency"
    )
    policy = environment.require(OnCall).policy
    assert equal(service.policy or policy, policy, "escalation policy of the service"), (
        f"{name} leads to the escalation policy {service.policy}, not to {policy}"
    )


@pytest.mark.check("oncall-expected")
def test_those_who_are_expected_are_on_call(oncall: OnCallEvidence, environment: Environment) -> None:
    """A person who is called at night should know about the launch before.

    Fix: correct the schedule, or oncall.expected; inform people who are new in it.
    """
    _require_all_there(oncall)
    oncall.require("told")
    expected = set(environment.require(OnCall).expected)
    on_call = {shift.person for shift in oncall.told}
    problems = [*_listed("not on call", expected - on_call), *_listed("on call, and not expected", on_call - expected)]
    assert nothing(problems, "differences from those who are expected", of=len(expected)), (
        f"{oncall.system}, {_span((oncall.begins, oncall.ends))}: {'; '.join(problems)}"
    )


def _require_all_there(oncall: OnCallEvidence) -> None:
    if oncall.absent:
        raise Failed(
            f"{oncall.system} has no {', no '.join(oncall.absent)}, or does not show it to this token",
            fix="correct the name in [oncall], or create it again; the token of one team does not see what other teams have",
        )


def _listed(word: str, people: Iterable[str]) -> Sequence[str]:
    names = sorted(people)
    return [f"{word}: {and_more(names, _FEW)}"] if names else []


def _of(maintenance: Maintenance, ends: datetime) -> Span:
    return maintenance.begins, maintenance.ends or ends


def _spans(spans: Sequence[Span]) -> str:
    return and_more([_span(span) for span in spans], _FEW)


def _span(span: Span) -> str:
    """``from 2026-12-01 03:00 to 05:00 UTC``; the day is told again where it is another one."""
    begins, ends = span
    until = f"{ends:%H:%M}" if ends.date() == begins.date() else f"{ends:%Y-%m-%d %H:%M}"
    return f"from {begins:%Y-%m-%d %H:%M} to {until} UTC"
