"""The exit code of a watch: a pipeline deploys, or rolls back, by it."""

from collections.abc import Mapping

import pytest

from gonogo.evidence.watch import AlertState
from gonogo.families.watch.alerts import Alert
from gonogo.families.watch.section import Watch
from gonogo.watching.ending import ending

OK, FEW, PENDING, FIRING, NO_DATA = (
    AlertState.OK,
    AlertState.FEW,
    AlertState.PENDING,
    AlertState.FIRING,
    AlertState.NO_DATA,
)
GAUGE = {"signal": {"gauge": "x"}, "above": 1}
WATCH = Watch.model_validate(
    {"thresholds": {"errors": {**GAUGE, "severity": "critical"}, "slow": {**GAUGE, "severity": "warning"}}}
)


def alerts(errors: AlertState, slow: AlertState) -> Mapping[str, Alert]:
    """Where both stand."""
    states = {"errors": errors, "slow": slow}
    return {name: Alert(threshold=name, state=state, id=f"{name}-1") for name, state in states.items()}


@pytest.mark.parametrize(
    ("errors", "slow", "cut_off", "code", "told"),
    [
        (OK, OK, False, 0, "ALL WELL no alert is open at the end of the watch"),
        (OK, FEW, False, 0, "ALL WELL no alert is open at the end of the watch; too few events to judge: slow"),
        (OK, PENDING, False, 0, "ALL WELL no alert is open at the end of the watch"),
        (FEW, FEW, False, 3, "UNKNOWN  no threshold had enough events to be judged; watch longer"),
        (
            PENDING,
            OK,
            False,
            3,
            "UNKNOWN  beyond its limit at the end, but not for long enough to alert: errors; watch longer",
        ),
        (OK, NO_DATA, False, 3, "OPEN     slow-1 (no data)"),
        (OK, FIRING, False, 1, "OPEN     slow-1 (firing)"),
        (FIRING, NO_DATA, True, 1, "OPEN     errors-1 (firing)"),
        (OK, OK, True, 130, "STOPPED  before its end; no alert was open"),
    ],
)
def test_exit_code(errors: AlertState, slow: AlertState, cut_off: bool, code: int, told: str) -> None:  # noqa: FBT001 - a table
    """Too few events, an interruption, a limit that is just being crossed: none of them is well."""
    ended = ending(WATCH, alerts(errors, slow), cut_off=cut_off)
    assert (ended.code, ended.lines[0]) == (code, told)


def test_a_watch_without_a_round_is_not_well() -> None:
    """It was stopped, or broke, before it looked."""
    assert ending(WATCH, {}, cut_off=False).code == 3
