"""Judges the readings of a journal again: the same rules, the same readings, the same alerts."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from gonogo.base.durations import parse_duration
from gonogo.evidence.watch import Reading, Transition
from gonogo.families.watch.alerts import Alert, Rule, advance, in_unit
from gonogo.families.watch.section import KeyMetric, Threshold

_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Rules go by the axis; the time of day is in what they give for people only."""


def rule_from(name: str, text: str) -> Rule:
    """The rule that ``Watch.rule_texts`` wrote down."""
    document = json.loads(text)
    no_data = parse_duration(document.pop("no_data"))
    model = Threshold if "severity" in document else KeyMetric
    return Rule(name=name, watched=model.model_validate(document), no_data=no_data)


def replay(rule: Rule, alert: Alert, readings: Iterable[Reading]) -> tuple[Alert, Sequence[Transition]]:
    """The alert after these readings, and its changes on the way; their UTC and their ids' beginnings mean nothing."""
    transitions: list[Transition] = []
    for reading in readings:
        alert, changes = advance(rule, alert, reading, _NO_TIME)
        transitions += changes
    return alert, transitions


def first_difference(recorded: Sequence[Transition], again: Sequence[Transition]) -> str:
    """Where the changes on record are not those that the readings give; empty where they are the same."""
    for number in range(max(len(recorded), len(again))):
        kept = recorded[number] if number < len(recorded) else None
        given = again[number] if number < len(again) else None
        if kept is None or given is None or _facts(kept) != _facts(given):
            return f"the journal has {_told(kept)}, its readings give {_told(given)}"
    return ""


def _facts(transition: Transition) -> tuple[object, ...]:
    """All but the time of day and the words, which another version may choose otherwise."""
    return transition.at, transition.alert, transition.before, transition.after, transition.value


def _told(transition: Transition | None) -> str:
    if transition is None:
        return "no further change"
    value = "no value" if transition.value is None else in_unit(transition.value, "")
    alert = f" of {transition.alert}" if transition.alert else ""
    return f"{transition.before} → {transition.after}{alert} after {transition.at:g} s, with {value}"
