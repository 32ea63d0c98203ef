"""What formats of test cases need beside the checks: a case for the verdict, and how long each case took."""

from datetime import timedelta

import msgspec

from gonogo.base.wording import counted
from gonogo.record.results import CheckResult, Observation, Results
from gonogo.report.meaning import first_meaning
from gonogo.report.wording import rehearsal

VERDICT = "verdict"
"""The id of the case that fails unless the run is a GO: a reader of test cases shows no run as green that asked nothing."""


def verdict_problem(results: Results) -> str:
    """Why the case of the verdict fails; empty: the run is a GO, with exceptions or without."""
    decision = results.decision
    if decision.verdict.opens and not results.run.interrupted:
        return ""
    cut = " (interrupted)" if results.run.interrupted else ""
    means = f"{words}. " if (words := first_meaning(results)) else ""
    practice = f"{words}. " if (words := rehearsal(results)) else ""
    return f"{decision.verdict}{cut}: {practice}{means}{decision.reason or counted(decision.open_lines, 'checklist line') + ' not done'}"


def run_seconds(results: Results) -> float:
    """How long the run took."""
    return (results.run.finished_at - results.run.started_at).total_seconds()


def check_seconds(check: CheckResult) -> float:
    """How long a check took at all of its targets together."""
    return sum(map(observation_seconds, check.observations))


def observation_seconds(observation: Observation) -> float:
    """How long it took to see what was judged, as far as that is this check's alone: steps of journeys, and single questions.

    What many checks judge was asked once: it is no time of any of them, and counts 0.
    """
    return sum(_seconds(facts.get("elapsed")) for facts in observation.facts.values() if isinstance(facts, dict))


def _seconds(elapsed: object) -> float:
    """Seconds of an ISO 8601 duration; families of others may mean anything else by the word."""
    try:
        return msgspec.convert(elapsed, timedelta).total_seconds() if isinstance(elapsed, str) else 0.0
    except msgspec.ValidationError:
        return 0.0
