"""The state of a watch at one moment: a pure function of what is known, of the run sheet and of the rules."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from gonogo.base.durations import format_duration
from gonogo.evidence.watch import AlertState
from gonogo.families.watch.alerts import Alert, Rule, explained, in_unit, rules_of
from gonogo.families.watch.section import Duty, Launch, Watch
from gonogo.watching.facts import NOT_SIGNED, Done, LiveFacts
from gonogo.watching.own_alarm import OWN_RULES
from gonogo.watching.rows import (
    AlertRow,
    ChannelRow,
    DutyRow,
    DutyState,
    LaunchClock,
    LiveState,
    RoleRow,
    SignalRow,
    Word,
)
from gonogo.watching.word import word_of

_GRACE = timedelta(minutes=15)
"""So long a duty is due before it is overdue."""
_NEWEST = 20
"""How many receipts, events, gaps and ended alerts are shown."""
_NEWEST_OF_ALERT = 6


def live_state(facts: LiveFacts, launch: Launch, watch: Watch, now: datetime) -> LiveState:
    """The state of a watch at this moment."""
    rules = rules_of(watch)
    last = facts.round
    axis = last.at + (now - last.utc).total_seconds() if last else 0.0
    state = LiveState(
        word=Word.ALL_WELL,
        reason="",
        service=facts.service,
        environment=facts.environment,
        zone=launch.zone,
        now=now,
        every=watch.every.total_seconds(),
        began=facts.began,
        rounds=facts.rounds,
        last_round=last.utc if last else None,
        round_seconds=last.seconds if last else 0.0,
        axis=axis,
        clock=_clock(launch, facts.began, now),
        duties=tuple(_duties(launch, facts.done, now)),
        alerts=tuple(_alerts(facts, {**rules, **OWN_RULES}, now)),
        over=tuple(_over(facts, {**rules, **OWN_RULES})),
        signals=tuple(_signals(facts, rules)),
        roles=tuple(_roles(facts)),
        channels=tuple(_channels(facts, watch)),
        receipts=tuple(reversed(facts.receipts[-_NEWEST:])),
        events=tuple(reversed(facts.events[-_NEWEST:])),
        gaps=tuple(reversed(facts.gaps[-_NEWEST:])),
        unwritten=facts.unwritten,
        changes=tuple(facts.changes),
        rollback=tuple(facts.rollback) or ((launch.rollback,) if launch.rollback else ()),
    )
    word, reason = word_of(state, facts.ended)
    return replace(state, word=word, reason=reason)


def duty_key(duty: Duty) -> str:
    """What a duty is marked by."""
    return f"{duty.at} {duty.title}"


def clock_text(seconds: float) -> str:
    """Hours, minutes and seconds from T-0, as in T+02:00:00."""
    whole = int(seconds // 1)
    sign = "−" if whole < 0 else "+"  # noqa: RUF001 - a minus, as wide as the plus
    minutes, rest = divmod(abs(whole), 60)
    return f"T{sign}{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"


def _clock(launch: Launch, began: datetime, now: datetime) -> LaunchClock:
    if launch.at is None:
        watched = format_duration(timedelta(seconds=max(0, int((now - began).total_seconds()))))
        return LaunchClock(t0=None, seconds=None, text=f"watching for {watched}", ends=None)
    seconds = (now - launch.at).total_seconds()
    return LaunchClock(t0=launch.at, seconds=seconds, text=clock_text(seconds), ends=launch.at + launch.watch)


def _duties(launch: Launch, done: Mapping[str, Done], now: datetime) -> Iterator[DutyRow]:
    for duty in sorted(launch.duties, key=lambda duty: duty.offset):
        due = launch.at + duty.offset if launch.at else None
        key = duty_key(duty)
        yield DutyRow(
            key=key,
            at=duty.at,
            title=duty.title,
            owner=duty.owner,
            due=due,
            state=DutyState.DONE if key in done else _duty_state(due, now),
            done=done.get(key),
        )


def _duty_state(due: datetime | None, now: datetime) -> DutyState:
    if due is None or now < due:
        return DutyState.LATER
    return DutyState.OVERDUE if now - due > _GRACE else DutyState.DUE


def _alerts(facts: LiveFacts, rules: Mapping[str, Rule], now: datetime) -> Iterator[AlertRow]:
    """Those that are open: critical before warning, firing before unknown, the oldest first."""
    rows = [_open(facts, rule, facts.alerts[name], now) for name, rule in rules.items() if _alarms(facts, name)]
    ranks = {"critical": 0, "warning": 1}
    return iter(sorted(rows, key=lambda row: (ranks.get(row.severity, 2), row.state != AlertState.FIRING, row.since)))


def _alarms(facts: LiveFacts, name: str) -> bool:
    return name in facts.alerts and facts.alerts[name].alarms


def _open(facts: LiveFacts, rule: Rule, alert: Alert, now: datetime) -> AlertRow:
    trail = facts.trails.get(rule.name)
    began = [known for known in facts.transitions if known.alert == alert.id]
    since = began[0].utc if began else now - timedelta(seconds=facts.round.at - alert.since if facts.round else 0)
    return _alert_row(
        facts,
        rule,
        identifier=alert.id,
        state=alert.state,
        since=since,
        reason=explained(rule, trail.last) if trail and trail.last else (began[-1].reason if began else ""),
    )


def _over(facts: LiveFacts, rules: Mapping[str, Rule]) -> Iterator[AlertRow]:
    ended = [known for known in facts.transitions if known.after == AlertState.RESOLVED and known.threshold in rules]
    for last in ended[: -_NEWEST - 1 : -1]:
        since = next(known.utc for known in facts.transitions if known.alert == last.alert)
        yield _alert_row(
            facts,
            rules[last.threshold],
            identifier=last.alert,
            state=AlertState.RESOLVED,
            since=since,
            ended=last.utc,
            reason=last.reason,
        )


def _alert_row(  # noqa: PLR0913 - the columns of a row
    facts: LiveFacts,
    rule: Rule,
    *,
    identifier: str,
    state: AlertState,
    since: datetime,
    reason: str,
    ended: datetime | None = None,
) -> AlertRow:
    in_hand = [known for known in facts.acknowledgements if known.alert == identifier]
    return AlertRow(
        id=identifier,
        name=rule.name,
        title=rule.watched.title or rule.name,
        severity=rule.threshold.severity if rule.threshold else "",
        state=state,
        since=since,
        ended=ended,
        reason=reason,
        first_step=rule.watched.first_step or "",
        acknowledgement=in_hand[-1] if in_hand else None,
        receipts=tuple([receipt for receipt in facts.receipts if receipt.alert == identifier][-_NEWEST_OF_ALERT:]),
    )


def _signals(facts: LiveFacts, rules: Mapping[str, Rule]) -> Iterator[SignalRow]:
    for name, rule in rules.items():
        alert, trail, threshold = facts.alerts.get(name), facts.trails.get(name), rule.threshold
        last = trail.last if trail else None
        known = last is not None and last.value is not None and not (alert and alert.state == AlertState.FEW)
        yield SignalRow(
            name=name,
            title=rule.watched.title or name,
            severity=threshold.severity if threshold else "",
            state=alert.state if alert and last else None,
            unit=rule.watched.unit,
            value=in_unit(last.value, rule.watched.unit) if known and last and last.value is not None else "–",  # noqa: RUF001 - a dash
            reason=explained(rule, last) if last else "not read yet",
            limit=threshold.limit if threshold else None,
            limit_text=_limit(rule),
            points=tuple(trail.points()) if trail else (),
            stale_after=trail.stale_after if trail else 0.0,
        )


def _limit(rule: Rule) -> str:
    threshold = rule.threshold
    if threshold is None:
        return ""
    side = "above" if threshold.above is not None else "below"
    held = f" for {format_duration(threshold.held)}" if threshold.held else ""
    return f"{threshold.severity} {side} {in_unit(threshold.limit, threshold.unit)}{held}"


def _roles(facts: LiveFacts) -> Iterator[RoleRow]:
    """Those that are polled, and whoever answered beside them: nobody's HOLD is overlooked."""
    newest = {poll.role: poll for poll in facts.polls}
    for role in dict.fromkeys([*facts.roles, *newest]):
        poll = newest.get(role)
        seal = facts.seals.get(poll, NOT_SIGNED) if poll else NOT_SIGNED
        yield RoleRow(role=role, title=facts.roles.get(role, role), poll=poll, seal=seal)


def _channels(facts: LiveFacts, watch: Watch) -> Iterator[ChannelRow]:
    arrived = {receipt.channel: receipt.utc for receipt in facts.receipts if receipt.delivered}
    for name in watch.channels:
        yield ChannelRow(
            name=name,
            down=facts.channels_down.get(name, ""),
            failures=facts.channel_failures.get(name, 0),
            arrived=arrived.get(name),
        )
