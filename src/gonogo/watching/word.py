"""ALL WELL, LOOK, ABORT or BLIND: which word stands over a state, and why. What is not known is never well."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gonogo.base.durations import format_duration
from gonogo.base.wording import and_more, counted
from gonogo.evidence.watch import AlertState
from gonogo.watching.facts import NOT_SIGNED, SIGNED
from gonogo.watching.rows import LiveState, RoleRow, Word


def word_of(state: LiveState, ended: datetime | None) -> tuple[Word, str]:
    """The word, and why in a sentence."""
    if ended is not None:
        return Word.BLIND, f"The watch ended at {ended:%H:%M:%S} UTC."
    if state.last_round is None:
        return Word.BLIND, "The first round has not ended yet."
    if _is_old(state.last_round, state.now, state.patience):
        return Word.BLIND, _old(state, state.now)
    critical = [row for row in state.alerts if row.severity == "critical" and row.state == AlertState.FIRING]
    if critical:
        return Word.ABORT, _sentence([f"{row.title}: {row.reason}" for row in critical])
    if worries := list(_worries(state)):
        return Word.LOOK, _sentence(worries)
    few = [row.title for row in state.signals if row.state == AlertState.FEW]
    well = f"{counted(len(state.signals) - len(few), 'signal')} within limits"
    return Word.ALL_WELL, _sentence([f"{well}; too few events to judge {and_more(few, 3)}" if few else well])


def _worries(state: LiveState) -> Iterator[str]:
    """Everything that keeps the word from ALL WELL, what presses most first."""
    for alert in state.alerts:
        yield f"{alert.title}: {alert.reason}"
    yield from _objections(state.roles)
    for channel in state.channels:
        if channel.down:
            yield f"channel {channel.name} is down: {channel.down}"
    for signal in state.signals:
        if signal.state == AlertState.PENDING:
            yield f"{signal.title}: {signal.reason}, but not yet for long enough to alert"
        elif signal.state is None:
            yield f"{signal.title}: not read yet"
    if not any(signal.state == AlertState.OK for signal in state.signals):
        yield "no signal is known to be well yet"


def _objections(roles: Sequence[RoleRow]) -> Iterator[str]:
    for row in roles:
        if row.poll and row.poll.decision == "hold":
            yield f"{row.title} says HOLD{f': {row.poll.note}' if row.poll.note else ''}"
        elif row.poll and row.seal not in {SIGNED, NOT_SIGNED}:
            yield f"{row.title} says GO, but {row.seal}"


def _sentence(parts: Sequence[str]) -> str:
    more = f"; and {len(parts) - 1} more" if len(parts) > 1 else ""
    return f"{parts[0][:1].upper()}{parts[0][1:]}{more}."


def _is_old(last: datetime | None, now: datetime, patience: float) -> bool:
    # A round of the future is no news either: somebody set a clock back.
    return last is not None and abs((now - last).total_seconds()) > patience


def _old(state: LiveState, now: datetime) -> str:
    if state.last_round is None:
        raise AssertionError(state)
    age = format_duration(timedelta(seconds=round(abs((now - state.last_round).total_seconds()))))
    open_alerts = f" {counted(len(state.alerts), 'alert was', 'alerts were')} open then." if state.alerts else ""
    return f"Nothing is known since {state.last_round:%H:%M:%S} UTC, {age} ago: the watch has stopped, or cannot read anything.{open_alerts}"


def aged(state: LiveState, seconds: float) -> LiveState:
    """The same state, so many seconds after it was made, with nothing new: BLIND once that is too long."""
    now = state.now + timedelta(seconds=seconds)
    if seconds <= 0 or not _is_old(state.last_round, now, state.patience):
        return state
    return replace(state, word=Word.BLIND, reason=_old(state, now))
