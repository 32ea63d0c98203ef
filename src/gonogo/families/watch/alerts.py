"""The rules of alerts: pure functions of readings and of a time that is passed in.

OK → PENDING → FIRING → RESOLVED, and NO DATA, which alarms by itself and is never OK. Times are seconds on the watch's
axis. The same readings give the same transitions, whenever and wherever they are judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from gonogo.base.sizes import scaled_size
from gonogo.evidence.watch import ALARMS, AlertState, Reading, Transition
from gonogo.families.watch.section import Threshold, Watch, Watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Where the alert of one threshold, or of one key metric, stands."""

    threshold: str
    state: AlertState = AlertState.PENDING
    """Before the first reading nobody knows."""
    since: float = 0.0
    """When it came to this state."""
    id: str = ""
    """Given when it alarms, kept until it is over."""
    number: int = 0
    """How many alarms there were, this one among them."""
    beyond_since: float | None = None
    """Since when each value was beyond the limit; a round without a value does not begin it anew."""
    within_since: float | None = None
    """Since when an alarm's cause has been gone."""
    missing_since: float | None = None

    @property
    def alarms(self) -> bool:
        """Whether somebody is to be told, or was told already."""
        return self.state in ALARMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is demanded of one signal."""

    name: str
    watched: Watched
    no_data: timedelta
    threshold: Threshold | None = field(init=False)
    """The limit; None for a key metric, which has none."""
    held_seconds: float = field(init=False)
    """How long a value must be beyond its limit before it alarms."""
    keep_seconds: float = field(init=False)
    """How long it must be well again before the alarm is over."""
    at_least: int = field(init=False)
    """Fewer events decide nothing."""

    def __post_init__(self) -> None:
        """What every reading is held against is worked out once."""
        threshold = self.watched if isinstance(self.watched, Threshold) else None
        held = threshold.held if threshold else None
        object.__setattr__(self, "threshold", threshold)
        object.__setattr__(self, "held_seconds", held.total_seconds() if held else 0.0)
        object.__setattr__(self, "keep_seconds", threshold.keep.total_seconds() if threshold else 0.0)
        object.__setattr__(self, "at_least", self.watched.at_least)


def rules_of(watch: Watch) -> Mapping[str, Rule]:
    """The rule of everything that is watched, by name."""
    return {
        name: Rule(name=name, watched=watched, no_data=watch.silence(watched))
        for name, watched in watch.watched.items()
    }


def advance(rule: Rule, alert: Alert, reading: Reading, utc: datetime) -> tuple[Alert, tuple[Transition, ...]]:
    """The alert after one more reading, and what changed."""
    after = _next(rule, alert, reading)
    if after.state == alert.state:
        return after, ()
    ended = alert.alarms and not after.alarms
    transition = Transition(
        at=reading.at,
        utc=utc,
        threshold=rule.name,
        alert=alert.id if ended else after.id,
        before=alert.state,
        after=AlertState.RESOLVED if ended else after.state,
        value=reading.value,
        reason=explained(rule, reading),
    )
    return after, (transition,)


def _next(rule: Rule, alert: Alert, reading: Reading) -> Alert:
    if reading.value is None:
        return _without_value(rule, alert, reading)
    if alert.missing_since is not None:
        alert = replace(alert, missing_since=None)
    threshold = rule.threshold
    is_few = _is_few(rule, reading)
    if not is_few and threshold is not None and threshold.beyond(reading.value):
        return _beyond(rule, alert, reading.at)
    if alert.beyond_since is not None:
        alert = replace(alert, beyond_since=None)
    if is_few:
        return _few(alert, reading.at)
    cleared = threshold is None or threshold.cleared(reading.value)
    return _within(rule, alert, reading.at, cleared=cleared)


def _few(alert: Alert, at: float) -> Alert:
    """Few events neither begin an alarm nor end one."""
    if alert.state != AlertState.FIRING:
        return _moved(alert, AlertState.FEW, at)
    return alert if alert.within_since is None else replace(alert, within_since=None)


def _is_few(rule: Rule, reading: Reading) -> bool:
    return reading.events is not None and reading.events < rule.at_least


def _without_value(rule: Rule, alert: Alert, reading: Reading) -> Alert:
    """A firing alert goes on firing; any other alarms as NO DATA once nothing was known for long enough."""
    since = reading.at if alert.missing_since is None else alert.missing_since
    alert = replace(alert, missing_since=since, within_since=None)
    if alert.alarms or reading.at - since < rule.no_data.total_seconds():
        return alert if alert.alarms else _moved(alert, AlertState.PENDING, reading.at)
    return _moved(alert, AlertState.NO_DATA, reading.at)


def _beyond(rule: Rule, alert: Alert, at: float) -> Alert:
    since = at if alert.beyond_since is None else alert.beyond_since
    alert = replace(alert, beyond_since=since, within_since=None)
    if alert.state == AlertState.FIRING or at - since >= rule.held_seconds:
        return _moved(alert, AlertState.FIRING, at)
    # Of an alarm of NO DATA nobody hears that it is over while what is known is not good.
    return alert if alert.alarms else _moved(alert, AlertState.PENDING, at)


def _within(rule: Rule, alert: Alert, at: float, *, cleared: bool) -> Alert:
    if alert.state != AlertState.FIRING:
        return _moved(alert, AlertState.OK, at)
    if not cleared:
        return alert if alert.within_since is None else replace(alert, within_since=None)
    since = at if alert.within_since is None else alert.within_since
    alert = replace(alert, within_since=since)
    return _moved(alert, AlertState.OK, at) if at - since >= rule.keep_seconds else alert


def _moved(alert: Alert, state: AlertState, at: float) -> Alert:
    """The alert in a state; one id from its first alarm to its end."""
    if state == alert.state:
        return alert
    if state in ALARMS and not alert.alarms:
        number = alert.number + 1
        return replace(alert, state=state, since=at, number=number, id=f"{alert.threshold}-{number}")
    identifier = alert.id if state in ALARMS else ""
    return replace(alert, state=state, since=at, id=identifier, within_since=None)


def explained(rule: Rule, reading: Reading) -> str:
    """What was seen, and what is allowed: a sentence's end for people."""
    if reading.value is None:
        return f"unknown: {reading.missing or 'there is no value'}"
    seen = in_unit(reading.value, rule.watched.unit)
    window = f" within {_seconds(rule.watched.window)}" if rule.watched.window else ""
    if _is_few(rule, reading):
        return f"{seen}{window}, of {reading.events:g} events only; fewer than {rule.watched.at_least} decide nothing"
    of = f" of {reading.events:.0f} events" if reading.events is not None else ""
    seen += f" ({reading.missing})" if reading.missing else ""
    threshold = rule.threshold
    if threshold is None:
        return f"{seen}{of}{window}"
    side = "above" if threshold.above is not None else "below"
    return f"{seen}{of}{window}; {side} {in_unit(threshold.limit, threshold.unit)} is too {'much' if side == 'above' else 'little'}"


def in_unit(value: float, unit: str) -> str:
    """A value as people read it; a share in per cent, where its unit is %; ``8.2 ms`` and ``187 MiB`` for s and B."""
    if unit == "%":
        return f"{value * 100:.3g} %"
    if unit == "s" and 0 < abs(value) < 1:
        value, unit = value * 1000, "ms"
    elif unit == "B":
        value, unit = scaled_size(value)
    return f"{value:.4g} {unit}".strip()


def _seconds(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"  # noqa: PLR2004 - seconds of a minute
