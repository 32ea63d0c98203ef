"""Evidence that is carried: from which source of gates.toml, of which release, and what of a run is taken over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.families.registry import read_environment
from gonogo.planning.carried import CarriedLine, CarriedRun
from gonogo.planning.carrying import sources
from gonogo.planning.gate_demands import GateDemands, expected_demands
from gonogo.policy.carrying import Carry
from gonogo.policy.gates import stands_for_line
from gonogo.record.results import Results
from gonogo.signing.redacted import same_text


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrySource:
    """One source, with what the run that carries it is about."""

    carry: Carry
    question: str
    """The title of the gate that it must have asked."""
    release: str
    demands: GateDemands
    """Demands of the run that carries it, whose lines it stands for."""

    def described(self, results: Results, *, signed_by: Sequence[str], problem: str = "") -> CarriedRun:
        """Describe such a run as it is recorded; of one with a ``problem`` no line is taken over."""
        run, statements = (
            results.run,
            {statement for role in self.demands.roles.values() for statement in role.statements},
        )
        wanted = {
            line.id
            for line in self.demands.lines
            if line.leaf and line.id not in statements and stands_for_line(self.carry, line)
        }
        lines = [line for line in results.lines if line.id in wanted and line.demanded]
        return CarriedRun(
            id=run.id,
            environment=run.environment,
            gate=run.gate,
            question=run.question,
            release=run.release or "",
            verdict=results.decision.verdict,
            finished_at=run.finished_at,
            digest=results.digest,
            policy=results.provenance.policy,
            signed_by=tuple(signed_by),
            lines={} if problem else {line.id: CarriedLine(status=line.status, why=line.why) for line in lines},
            problem=problem,
        )


def find_source(
    environment: str, gate: str, demands: GateDemands, questions: dict[str, str], release: str
) -> CarrySource:
    """The source in gates.toml from which runs of that environment and gate are carried. Raises UsageError."""
    by_name = sources(demands)
    for carry in by_name:
        if (carry.environment, carry.gate) == (environment, gate):
            return CarrySource(carry=carry, question=questions[gate], release=release, demands=demands)
    names = " or ".join(carry.words for carry in by_name) or "no other run"
    raise UsageError(
        f"a run of {environment} at gate {gate} cannot be carried into gate {demands.name} of {demands.stands_for[0]}; "
        f"environments/gates.toml accepts evidence from {names}"
    )


def source_of(run: CarriedRun, results: Results, project: Path) -> CarrySource:
    """The source of a run that ``results`` carry, by the gates.toml of the project. Raises IntegrityError."""
    outer = results.run
    if run.release != outer.release:
        raise IntegrityError(f"is of release {run.release}, but this run is of {outer.release or 'none'}")
    try:
        service = read_environment(outer.environment, project=project).environment.service
        demands, questions = expected_demands(project, environment=outer.environment, service=service, gate=outer.gate)
        return find_source(run.environment, run.gate, demands, questions, run.release)
    except UsageError as error:
        raise IntegrityError(str(error)) from None


def unlike(recorded: CarriedRun, again: CarriedRun) -> str:
    """Name what of it is another now; empty: nothing. Who signed since makes no difference, who is gone does.

    When it ends is computed anew, by the keys and the policy of now.
    """
    names = [
        each.name
        for each in fields(CarriedRun)
        if each.name not in {"ends", "lines", "question", "signed_by"}
        and getattr(recorded, each.name) != getattr(again, each.name)
    ]
    names += ["question"] * (not same_text(recorded.question, again.question))
    names += ["signed_by"] * (not set(recorded.signed_by) <= set(again.signed_by))
    names += ["lines"] * (not _same_lines(recorded.lines, again.lines))
    return ", ".join(names)


def _same_lines(recorded: Mapping[str, CarriedLine], again: Mapping[str, CarriedLine]) -> bool:
    return recorded.keys() == again.keys() and all(
        recorded[line].status == again[line].status and same_text(recorded[line].why, again[line].why) for line in again
    )
