"""``gonogo duty``: somebody did a duty of the run sheet; the journal has it as an event, and the page shows it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import WatchEvent
from gonogo.families.watch.journal import JournalNotes
from gonogo.families.watch.section import Launch
from gonogo.policy.people import FILE, read_people, unknown_person
from gonogo.watching.facts import Done
from gonogo.watching.state import duty_key

KIND = "duty"
_DONE = ", done by "


def mark_duty(journal: JournalNotes, project: Path, launch: Launch, words: str, by: str, utc: datetime) -> str:  # noqa: PLR0913, PLR0917 - as many as the command has
    """Note that a duty is done; its key. ``words`` are its key, or a part that no other duty has. Raises UsageError."""
    keys = [duty_key(duty) for duty in launch.duties]
    found = [key for key in keys if words == key] or [key for key in keys if words.casefold() in key.casefold()]
    people = read_people(project)
    nobody = unknown_person(by, people, f"environments/{FILE}")
    problems = [f"--by: {nobody}"] if nobody else []
    if len(found) != 1:
        many = "matches several duties" if found else "is not a duty in [launch]"
        problems.append(f"{words!r} {many}; there are {'; '.join(found or keys) or 'none'}")
    person = people.find(by)
    if problems or person is None:
        raise UsageError(*problems)
    last = journal.last_round()
    journal.event(utc, last.at if last else 0.0, KIND, f"{found[0]}{_DONE}{person.name}")
    return found[0]


def done_duties(events: Iterable[WatchEvent]) -> Mapping[str, Done]:
    """The duties that were marked, by their keys; the first mark counts."""
    done: dict[str, Done] = {}
    for event in events:
        key, marked, by = event.text.rpartition(_DONE)
        if event.kind == KIND and marked:
            done.setdefault(key, Done(by=by, utc=event.utc))
    return done
