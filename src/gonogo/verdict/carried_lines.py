"""The result of a line that other runs answer: as it stood in the run that is carried, and never better."""

from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.planning.carried import CarriedRun
from gonogo.policy.carrying import Carry
from gonogo.record.results import LineStatus
from gonogo.verdict.line_proof import Proof

_CARRIED = {LineStatus.VERIFIED, LineStatus.ATTESTED, LineStatus.WAIVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the line stands, and by which run."""

    status: LineStatus
    why: str
    run: str = ""
    """Id of the carried run that it rests on."""


def stand_in(line: str, proof: Proof, carries: Sequence[Carry], carried: Sequence[CarriedRun]) -> Standing:
    """``proof`` is what this run saw itself: it fails the line where it saw it to be untrue, and ticks nothing."""
    if proof.status is LineStatus.FAILED:
        return Standing(status=proof.status, why=proof.why)
    reasons = []
    for carry in carries:
        runs = [run for run in carried if run.is_of(carry)]
        for run in runs:
            stood = None if run.problem else run.lines.get(line)
            if stood is not None and stood.status in _CARRIED:
                why = f"{stood.status} by {run.words}: {stood.why}"
                return Standing(status=LineStatus(stood.status), why=why, run=run.id)
            reasons.append(_why_not(run, stood.why if stood else ""))
        if not runs:
            reasons.append(f"a run of {carry.words} answers it, and none is carried: give its folder with --carry")
    return Standing(status=LineStatus.OPEN, why="; ".join(reasons))


def _why_not(run: CarriedRun, why: str) -> str:
    if run.problem:
        return f"run {run.id} of {run.environment} is not carried: {run.problem}"
    return f"it is not done in {run.words}: {why or 'that gate did not ask it'}"
