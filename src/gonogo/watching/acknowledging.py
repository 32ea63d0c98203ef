"""``gonogo ack``: records who takes care of an alert, and stops its reminders."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.base.wording import nearest_or_all
from gonogo.evidence.watch import ALARMS, Acknowledgement, Transition
from gonogo.families.watch.journal import JournalNotes
from gonogo.policy.people import FILE, read_people, unknown_person


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """One alert that was acknowledged."""

    acknowledgement: Acknowledgement
    threshold: str
    before: Acknowledgement | None
    """Who had it in hand already."""


def acknowledge(  # noqa: PLR0913 - as many as the command has
    journal: JournalNotes, project: Path, *, alerts: Sequence[str], by: str, note: str, utc: datetime
) -> Sequence[InHand]:
    """Note it for each of these ids. Raises UsageError, and notes nothing: nobody of that name, no such alert, one that is over."""
    people = read_people(project)
    newest = _newest(journal.transitions())
    nobody = unknown_person(by, people, f"environments/{FILE}")
    problems = [*([f"--by: {nobody}"] if nobody else []), *_problems(alerts, newest)]
    person = people.find(by)
    if problems or person is None:
        raise UsageError(*problems)
    before = {one.alert: one for one in journal.acknowledgements()}
    found: list[InHand] = []
    for alert in dict.fromkeys(alerts):
        one = Acknowledgement(alert=alert, by=person.name, utc=utc, note=note)
        journal.acknowledge(one)
        found.append(InHand(acknowledgement=one, threshold=newest[alert].threshold, before=before.get(alert)))
    return found


def _newest(transitions: Sequence[Transition]) -> Mapping[str, Transition]:
    """The last change of each alert that alarmed, by its id."""
    return {one.alert: one for one in transitions if one.alert}


def _problems(alerts: Sequence[str], newest: Mapping[str, Transition]) -> Iterator[str]:
    still_open = [alert for alert, one in newest.items() if one.after in ALARMS]
    ids = {one.threshold: alert for alert, one in newest.items() if one.after in ALARMS}
    for alert in alerts:
        if alert in still_open:
            continue
        if (end := newest.get(alert)) is not None:
            yield f"{alert}: ended at {end.utc:%Y-%m-%d %H:%M:%S} UTC; its reminders have stopped"
        elif alert in ids:
            yield f"{alert}: is a threshold; its open alert is {ids[alert]}"
        elif still_open:
            yield f"{alert}: there is no such alert{nearest_or_all(alert, still_open)}"
        else:
            yield f"{alert}: there is no such alert, and none is open; the id is on the live page, and in the command of each message"
