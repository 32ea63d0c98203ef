"""Launch day, by the journal of `gonogo watch`: one check for each threshold and each key metric."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from gonogo.base.comparing import at_least, at_most, decided, nothing, shown, so
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.base.wording import and_more, counted
from gonogo.environment.model import Environment
from gonogo.evidence.alarm import AlarmEvidence, ChannelTest, SameAddress
from gonogo.evidence.release_names import is_release
from gonogo.evidence.watch import (
    CHANGED,
    AlertState,
    WatchEvidence,
    WatchGreenEvidence,
    WatchJournalEvidence,
    unpack_readings,
)
from gonogo.families.watch.alarms import Alarm, alarms_of
from gonogo.families.watch.alerts import Alert, Rule, rules_of
from gonogo.families.watch.journal_reader import ALERT
from gonogo.families.watch.replaying import first_difference, replay
from gonogo.families.watch.section import Watch
from gonogo.policy.catalogue import Policy

_FEW = 3
_FIRST_LOOK = timedelta(minutes=1)
"""So long after the first round the first look at the surroundings may end."""
_TEST = "gonogo watch --test-channels"
_WATCH = "gonogo watch, in another terminal, from long enough before"


@pytest.mark.check("watch-journal")
def test_somebody_watches(watch_journal: WatchJournalEvidence, policy: Policy) -> None:
    """Without a watch it is not known whether the launch went well; another launch's journal does not count.

    Fix: start gonogo watch before T-0; set launch.at, so that everybody has the same T-0. A role on HOLD ends it with
    gonogo poll.
    """
    age = watch_journal.taken_at - watch_journal.ended
    oldest = max(watch_journal.demanded, policy.duration("oldest"))
    if watch_journal.launch_declared:
        decided("launch of the journal", "launch.at", "launch.at, or a watch that has just ended")
    elif not at_most(age, oldest, "watch ended ago"):
        raise Unobserved(
            f"{watch_journal.file}: the watch ended {format_duration(age)} ago; this may have been another launch",
            hint="watch this launch; or declare launch.at, if the journal is of this launch",
        )
    if watch_journal.launch is not None and watch_journal.launch > watch_journal.ended:
        raise Unobserved(
            f"{watch_journal.file}: T-0 is {watch_journal.launch:%Y-%m-%d %H:%M} UTC, and the watch has seen only the time before it",
            hint="let the watch go on, and run it again",
        )
    held = [
        f"{one.role} ({one.by}): {one.note or 'no reason given'}"
        for one in watch_journal.polls
        if one.decision == "hold"
    ]
    assert nothing(held, "roles on HOLD", of=len(watch_journal.polls)), f"on HOLD: {'; '.join(held)}"


@pytest.mark.check("watch-green")
def test_nothing_alarms_before_users_come(
    watch_green: WatchGreenEvidence, environment: Environment, policy: Policy
) -> None:
    """If an alert fires when users come, they are the first to notice the problem.

    Fix: start gonogo watch early enough, in another terminal; resolve the alert, and run again.
    """
    green = watch_green
    alarms = [
        f"{one.alert}, {one.utc:%H:%M:%S} UTC, {'still open' if one.alert in green.open else 'over'}: {one.reason}"
        for one in green.alarms
    ]
    age = green.taken_at - green.looked_until
    if not at_most(age, 2 * green.every + policy.duration("late"), "age of the newest round"):
        raise Unobserved(
            f"{green.file}: the newest round is {format_duration(age)} old, so no watch is running", hint=_WATCH
        )
    assert nothing(alarms, f"alarms within the last {format_duration(green.wanted)}"), (
        f"within the last {format_duration(green.wanted)}: {and_more(alarms, _FEW)}"
    )
    if green.changed:
        raise Unobserved(
            f"the watch uses another file: {and_more(green.changed, _FEW)} were judged differently",
            hint="stop the watch, and start it again with this file",
        )
    since = max([green.began, *(gap.ends for gap in green.gaps)])
    if green.gaps or not at_least(green.looked_until - since, green.wanted, "watched without a gap for"):
        seen = min(green.looked_until - since, green.wanted)
        raise Unobserved(
            f"the watch has run for {format_duration(max(seen, timedelta(0)))} without a gap; "
            f"{format_duration(green.wanted)} is expected",
            hint=_WATCH,
        )
    if green.undecided:
        raise Unobserved(
            f"not decided yet: {and_more(green.undecided, _FEW)}", hint="let the watch go on, and run it again"
        )
    if wanted := environment.service.release:
        _judge_release(green, wanted)


def _judge_release(green: WatchGreenEvidence, wanted: str) -> None:
    """What was green is the release under review, everywhere, for all of the time."""
    if not green.releases:
        raise Unobserved(
            "the watch does not know yet which release it watches" + (f": {green.unseen}" if green.unseen else ""),
            hint="let the watch go on, and run it again; or declare http.release",
        )
    for place, words, since in green.releases:
        if not any(is_release(word, wanted) for word in words.split(", ")):
            raise Unobserved(
                f"the release that was watched at {place} is {words}; {wanted} is under review", hint=_WATCH
            )
        lasted = green.looked_until - since
        if lasted < green.wanted and since - green.began > green.every + _FIRST_LOOK:
            raise Unobserved(
                f"{wanted} was watched at {place} for only {format_duration(lasted)}; "
                f"{format_duration(green.wanted)} is expected",
                hint="let the watch go on, and run it again",
            )


@pytest.mark.check("alarm-*")
def test_alarm_would_be_heard(alarm: AlarmEvidence, policy: Policy) -> None:
    """If no watch judges a threshold, it wakes nobody; an address that was never tried may not work.

    Fix: start gonogo watch in another terminal, with its channels; gonogo watch --test-channels sends each a test message.
    """
    age = alarm.taken_at - alarm.looked_until
    if not at_most(age, 2 * alarm.every + policy.duration("late"), "age of the newest round"):
        raise Unobserved(
            f"{alarm.file}: the newest round is {format_duration(age)} old, so no watch is running", hint=_WATCH
        )
    if not alarm.as_declared:
        raise Unobserved(
            f"the running watch judges {alarm.threshold} by another file, or not at all",
            hint="stop the watch, and start it again with this file",
        )
    assert so(alarm.state is not AlertState.NO_DATA, "threshold", "judged", "not to be read"), (
        f"{alarm.threshold} cannot be read: {alarm.reason or 'no value'}"
    )
    if alarm.state in {None, AlertState.PENDING}:
        raise Unobserved(f"{alarm.threshold} is not decided yet", hint="let the watch go on, and run it again")
    assert at_least(len(alarm.channels), 1, "channels that are told"), (
        f"nobody would be notified of {alarm.threshold}: watch.channels is empty"
    )
    for channel in alarm.channels:
        _judge_channel(channel, alarm)


def _judge_channel(channel: ChannelTest, alarm: AlarmEvidence) -> None:
    """Whether a message to it arrives, as far as its own newest answer says."""
    name = channel.name
    assert so(channel.known, f"{name}, by the watch that runs", "told", "not told"), (
        f"the running watch does not notify {name}: it was started without it"
    )
    if channel.utc is None:
        raise Unobserved(f"{name} was never sent a test message", hint=_TEST)
    when = f"{channel.utc:%Y-%m-%d %H:%M} UTC"
    if channel.address is SameAddress.UNKNOWN:
        raise Unobserved(
            f"the address of {name} is not known here, so it cannot be compared with the one that was tested {when}",
            hint="set the secret that watch.channels names for it, as on the machine of the watch",
        )
    if channel.address is SameAddress.OTHER:
        raise Unobserved(f"{name} has another address than the one that was tested {when}", hint=_TEST)
    assert shown(channel.delivered, f"test message to {name}", channel.answer or "not taken", "taken"), (
        f"{name} did not accept its test message {when}: {channel.answer}"
    )
    age = alarm.taken_at - channel.utc
    if not at_most(age, alarm.tested_within, f"age of the test of {name}", kind="age of a test"):
        allowed = format_duration(alarm.tested_within)
        raise Unobserved(f"the test of {name} is {format_duration(age)} old; at most {allowed} is allowed", hint=_TEST)


@pytest.mark.check("watch-channels")
def test_announcements_arrived(watch_journal: WatchJournalEvidence) -> None:
    """If a channel fails on launch day, nobody gets the next alert there.

    Fix: send a message to the channel by hand, and correct its secret.
    """
    lost = [f"{one.event} of {one.alert} to {one.channel}: {one.answer}" for one in watch_journal.undelivered]
    assert nothing(lost, "announcements that did not arrive", of=watch_journal.announced), (
        f"{len(lost)} of {counted(watch_journal.announced, 'announcement')} did not arrive: {and_more(lost, _FEW)}"
    )


@pytest.mark.check("watch-changes")
def test_nothing_changed(watch_journal: WatchJournalEvidence) -> None:
    """Nobody signed a release, certificate, address, policy or kind of error that came after T-0.

    Fix: compare each change with what was intended; undo what was not intended, and verify the rest with a run.
    """
    since = watch_journal.launch or watch_journal.began
    changed = [one.text for one in watch_journal.events if one.kind == CHANGED and one.utc >= since]
    assert nothing(changed, "changes since T-0"), f"since {since:%Y-%m-%d %H:%M} UTC: {and_more(changed, _FEW)}"


@pytest.mark.check("watch-*")
def test_was_watched_and_is_well(watched: WatchEvidence, environment: Environment) -> None:
    """The record must show that all was well, that people would have been notified, and that the watch never stopped.

    Fix: find the cause of the alert, acknowledge it with gonogo ack, and continue the watch: gonogo watch.
    """
    watch, name = environment.require(Watch), watched.scope[-1]
    rule = rules_of(watch)[name]
    alert = _replayed(watched, rule, watch)
    _judge_alarms(watched, watch, rule)
    if not at_least(watched.share, watch.share, "time in which it was observed", "share"):
        raise Unobserved(_unseen(watched, watch), hint="let gonogo watch go on for the whole time, and run it again")
    if alert.state == AlertState.PENDING:
        raise Unobserved(
            f"{name}: still undecided at the end of the time", hint="let the watch go on, and run it again"
        )
    if watched.observed and watched.few == watched.observed:
        raise Unobserved(
            f"{name}: never enough events to decide: at most {watched.most_events or 0:g} in its window, "
            f"at_least is {rule.watched.at_least}",
            hint="declare a longer window, which contains more events",
        )


def _replayed(watched: WatchEvidence, rule: Rule, watch: Watch) -> Alert:
    """The alert at the end, by the readings; they must give what the journal says of it."""
    if watched.rules != (watch.rule_texts[rule.name],):
        raise Unobserved(
            f"{rule.name}: for some of the time it was not judged by the present environment file",
            hint="watch the whole time with one file: a changed limit proves nothing about the time before the change",
        )
    start = ALERT.validate_json(watched.start)
    alert, again = replay(rule, start, unpack_readings(watched.readings))
    within = [change for change in watched.transitions if watched.since <= change.at <= watched.until]
    difference = first_difference(within, again)
    assert nothing([difference] if difference else (), "contradictions in the journal"), (
        f"{rule.name}: the journal contradicts itself: {difference}"
    )
    return alert


def _judge_alarms(watched: WatchEvidence, watch: Watch, rule: Rule) -> None:
    alarms = alarms_of(watched.transitions, watched.acknowledgements, watched.receipts)
    threshold = rule.threshold
    within = watch.respond.of(threshold.severity if threshold else "warning")
    problems = [problem for alarm in alarms for problem in _problems(alarm, watched, within, told=bool(watch.channels))]
    assert nothing(problems, "alarms that were not handled in time", of=len(alarms)), and_more(problems, _FEW)


def _problems(alarm: Alarm, watched: WatchEvidence, within: timedelta, *, told: bool) -> Sequence[str]:
    """What is wrong with how one alarm went."""
    where = f"{alarm.id}, {alarm.began:%Y-%m-%d %H:%M:%S} UTC"
    problems = []
    if alarm.ended is None:
        problems.append(f"{where}: still open: {alarm.reason}")
    if not at_most(alarm.unanswered(watched.looked_until), within, f"{alarm.id} unanswered for", kind="unanswered"):
        after = alarm.answered_within
        answered = f"acknowledged only after {format_duration(after)}" if after else "never acknowledged"
        problems.append(f"{where}: {answered}; at most {format_duration(within)} is allowed ({alarm.reason})")
    if told and not alarm.delivered:
        answers = [f"{one.channel}: {one.answer}" for one in alarm.receipts] or ["nothing was sent"]
        problems.append(f"{where}: nobody was notified: {and_more(answers, _FEW)}")
    return problems


def _unseen(watched: WatchEvidence, watch: Watch) -> str:
    """How much of the time nobody could see it, in words."""
    whole = format_duration(watched.ended - watched.began)
    text = (
        f"{watched.scope[-1]}: observed in {watched.observed} of {counted(watched.rounds, 'round')} "
        f"({watched.share * 100:.1f} %; {watch.share * 100:g} % is expected) of the {whole} "
        f"from {watched.began:%Y-%m-%d %H:%M:%S} UTC on"
    )
    if watched.looked_until < watched.ended:
        text += f"; the watch was there until {watched.looked_until:%Y-%m-%d %H:%M:%S} UTC"
    gaps = [f"{gap.begins:%H:%M:%S} for {format_duration(gap.length)} ({gap.reason})" for gap in watched.gaps]
    return text + (f"; gaps: {and_more(gaps, _FEW)}" if gaps else "")
