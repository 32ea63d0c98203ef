"""How a watch ended, as an exit code and in words: pure. What nobody could say is never well."""

from collections.abc import Mapping
from dataclasses import dataclass

from gonogo.base.interruption import EXIT_INTERRUPTED
from gonogo.base.wording import and_more
from gonogo.evidence.watch import AlertState
from gonogo.families.watch.alerts import Alert
from gonogo.families.watch.section import Watch
from gonogo.watching.own_alarm import JOURNAL

WELL, ALARM, BLIND = 0, 1, 3
_FEW = 3
"""Names of a list."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a pipeline goes by, and what a person reads."""

    code: int
    lines: tuple[str, ...]


def ending(watch: Watch, alerts: Mapping[str, Alert], *, cut_off: bool) -> Ending:
    """The end of a watch whose alerts stand so. ``cut_off``: somebody stopped it before its time was over."""
    if alarms := [alert for alert in alerts.values() if alert.alarms]:
        # A journal that cannot be written says nothing of the service, and takes no release back.
        firing = any(alert.state is AlertState.FIRING and alert.threshold != JOURNAL for alert in alarms)
        return Ending(ALARM if firing else BLIND, tuple(f"OPEN     {one.id} ({one.state.value})" for one in alarms))
    if cut_off:
        return Ending(EXIT_INTERRUPTED, ("STOPPED  before its end; no alert was open",))
    states = {name: alerts[name].state for name in watch.thresholds or watch.metrics if name in alerts}
    pending = [
        name
        for name, threshold in watch.thresholds.items()
        if threshold.severity == "critical" and states.get(name) is AlertState.PENDING
    ]
    if pending:
        return Ending(
            BLIND,
            (
                f"UNKNOWN  beyond its limit at the end, but not for long enough to alert: {and_more(pending, _FEW)}; watch longer",
            ),
        )
    if AlertState.OK not in states.values():
        return Ending(BLIND, ("UNKNOWN  no threshold had enough events to be judged; watch longer",))
    few = [name for name, state in states.items() if state is AlertState.FEW]
    said = f"; too few events to judge: {and_more(few, _FEW)}" if few else ""
    return Ending(WELL, (f"ALL WELL no alert is open at the end of the watch{said}",))
