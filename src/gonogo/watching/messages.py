"""The words in which people are told: for somebody who was asleep a minute ago."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gonogo.base.durations import format_duration
from gonogo.base.redaction import Redactor
from gonogo.base.wording import and_more, counted
from gonogo.evidence.watch import TESTED, AlertState, Announcement
from gonogo.watching.own_alarm import JOURNAL, OWN_RULES

_MOST_IN_SUBJECT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What every message of a watch has in common."""

    environment: str
    zone: ZoneInfo
    """The team's time zone."""
    rollback: str | None = None
    """The command that takes the release back."""
    page: str = ""
    """Address of the live page; empty while there is none."""
    redactor: Redactor = field(repr=False, default_factory=lambda: Redactor({}))
    """What was seen may hold what somebody else wrote into a metric, or into an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one channel is told at once."""

    subject: str
    body: str
    alarms: bool
    """Whether somebody is to act."""


def message_of(announcements: Sequence[Announcement], head: Letterhead) -> Message:
    """All of them as one message. Of what was told of one alert meanwhile, only the newest counts."""
    if all(one.event == TESTED for one in announcements):
        return _test(announcements, head)
    newest = list({one.alert: one for one in announcements}.values())
    open_ones = [one for one in newest if one.tells]
    over = [one for one in newest if not one.tells]
    parts = [_cause(group, head) for group in _by_cause(open_ones)]
    parts += [_ending(one, head) for one in over]
    parts += [_to_do(open_ones, head)] if open_ones else []
    subject, body = _subject(open_ones, over, head), "\n\n".join(parts) + "\n"
    return Message(subject=head.redactor.text(subject), body=head.redactor.text(body), alarms=bool(open_ones))


def _test(announcements: Sequence[Announcement], head: Letterhead) -> Message:
    """What somebody who is woken by it must read first: there is nothing to be done."""
    channels = ", ".join(announcement.channel for announcement in announcements)
    rows = (
        "This is a test: nothing is wrong, and no action is needed.",
        f"It shows that the channel {channels} of {head.environment} works: alarms of gonogo watch arrive as this does.",
        f"  sent {moment(announcements[0].utc, head.zone)}",
    )
    subject = f"TEST {head.environment}: gonogo watch, no action is needed"
    body = "\n".join((*rows, ""))
    return Message(subject=head.redactor.text(subject), body=head.redactor.text(body), alarms=False)


def _subject(open_ones: Sequence[Announcement], over: Sequence[Announcement], head: Letterhead) -> str:
    shown = open_ones or over
    ended = "NOT WATCHED" if any(one.note for one in over) else "OVER"
    worst = ended if not open_ones else "CRITICAL" if any(one.severity == "critical" for one in shown) else "WARNING"
    titles = and_more(list(dict.fromkeys(one.title for one in shown)), _MOST_IN_SUBJECT)
    unknown = ": nobody can say" if all(one.state == AlertState.NO_DATA for one in shown) else ""
    again = " (still)" if open_ones and all(one.event == "reminded" for one in open_ones) else ""
    besides = f"; {counted(len(over), 'alert')} over" if open_ones and over else ""
    return f"{worst} {head.environment}: {titles}{unknown}{again}{besides}"


def _by_cause(announcements: Sequence[Announcement]) -> Iterator[Sequence[Announcement]]:
    """What nobody can say for one and the same reason is one cause; everything else stands by itself."""
    groups: dict[tuple[str, str], list[Announcement]] = {}
    for one in announcements:
        key = ("", one.reason) if one.state == AlertState.NO_DATA else (one.alert, "")
        groups.setdefault(key, []).append(one)
    yield from groups.values()


def _cause(group: Sequence[Announcement], head: Letterhead) -> str:
    worst = "critical" if any(one.severity == "critical" for one in group) else "warning"
    since = min(one.since for one in group)
    lasted = max(one.utc for one in group) - since
    lines = list(dict.fromkeys(line for one in group for line in one.lines))
    rows = [
        f"{', '.join(dict.fromkeys(one.title for one in group))} ({worst})",
        f"  {group[0].reason}",
        f"  since {moment(since, head.zone)}" + (f", for {format_duration(lasted)}" if lasted.total_seconds() else ""),
    ]
    rows += [f"  of the checklist: {', '.join(lines)}"] if lines else []
    rows += [f"  {note}" for note in dict.fromkeys(one.note for one in group if one.note)]
    return "\n".join(rows)


def _ending(one: Announcement, head: Letterhead) -> str:
    if one.note:
        return f"{one.title}: {one.note}\n  since {moment(one.since, head.zone)}"
    lasted = format_duration(max(one.utc, one.since) - one.since)
    seen = f"\n  {one.reason}" if one.reason else ""
    return f"{one.title}: over\n  from {moment(one.since, head.zone)} to {moment(one.utc, head.zone)}, {lasted}{seen}"


def _to_do(open_ones: Sequence[Announcement], head: Letterhead) -> str:
    alerts = " ".join(one.alert for one in open_ones if one.threshold != JOURNAL)
    rows = ["What to do"]
    if any(one.threshold == JOURNAL for one in open_ones):
        rows.append(f"  {OWN_RULES[JOURNAL].watched.first_step}")
    rows += [f"  say that you have it: gonogo ack {alerts} --by NAME --env {head.environment}"] if alerts else []
    if head.rollback and any(one.severity == "critical" for one in open_ones):
        rows.append(f"  take the release back: {head.rollback}")
    rows += [f"  look: {head.page}"] if head.page else []
    return "\n".join(rows)


def moment(utc: datetime, zone: ZoneInfo) -> str:
    """A time in the team's zone, and in UTC where that differs."""
    local = utc.astimezone(zone)
    text = f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"
    return (
        text if local.utcoffset() == utc.astimezone(UTC).utcoffset() else f"{text} ({utc.astimezone(UTC):%H:%M:%S} UTC)"
    )
