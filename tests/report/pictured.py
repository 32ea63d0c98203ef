"""A run of which every picture can be drawn: a stalled load, certificates, journeys, earlier runs, a cause that blocks."""

from dataclasses import replace
from datetime import timedelta

from gonogo.evidence.load import SecondCounts, SecondLatencies
from gonogo.record.recording import facts
from gonogo.record.results import History, LineStatus, Outcome, PastRun, Results, Verdict
from tests.checks.test_load import measured, second, traffic
from tests.report.accounts import line
from tests.report.conftest import AT, CURVE, QUANTILES, check
from tests.report.test_cause_graph import ROOT, blocked, broken
from tests.report.test_certificates import DAY, leaf, seen
from tests.report.test_journeys import step

_STALL = range(12, 15)


def pictured() -> Results:
    """As it is read from disk."""
    counts = [SecondCounts(at, 40, 35 if at in _STALL else 0, 2 if at == 20 else 0, 0) for at in range(24)]
    late = [SecondLatencies(at, *((1500.0, 2800.0) if at in _STALL else (8.0, 40.0 + at))) for at in range(24)]
    classes = tuple(
        traffic(name, counts, course=tuple(late), curve=CURVE, quantiles=QUANTILES) for name in ("reads", "payments")
    )
    load = measured(
        classes=classes,
        seconds=24,
        cut_short="it was interrupted",
        generator=tuple(second(at, lag=timedelta(milliseconds=40 if at == 13 else 1)) for at in range(24)),
    )
    past = [
        PastRun(
            id=f"r{number}",
            verdict=Verdict.GO if number % 2 else Verdict.NO_GO,
            started_at=AT - number * DAY,
            release="r",
            counts={"planned": 9, "pass": 9 - number % 2, "fail": number % 2},
            sections={"Part": (number, 10)},
        )
        for number in range(10)
    ]
    lines = [
        *(line(f"a.{number}", status, checks=["mongo-primary"]) for number, status in enumerate(LineStatus)),
        line("b.0", LineStatus.OPEN, demanded=False, section=["List", "Other"]),
    ]
    made = broken(
        [blocked("mongo-primary", ROOT), *(blocked(f"client-{number}", "mongo-primary") for number in range(9))],
        lines=lines,
        history=History(runs=past),
    )
    further = [
        check("load-ran", facts={"load": facts(load)}),
        seen("tls-a", "api.test", leaf("aa", 90 * DAY), leaf("bb", 10 * DAY)),
        step("booking-a", "PT0S", "PT1S"),
        step("booking-b", "PT1S", "PT3S"),
        check("booking-c", Outcome.NOT_RUN, "not selected"),
    ]
    return replace(made, run=replace(made.run, launch_at=AT + 20 * DAY), checks=[*made.checks, *further])
