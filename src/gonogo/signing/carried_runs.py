"""The runs that a command names to be carried: found, verified, and recorded with what became of that."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.families.registry import read_environment
from gonogo.planning.carried import CarriedRun
from gonogo.planning.gate_demands import expected_demands
from gonogo.policy.people import read_people
from gonogo.record.archive import find_run, read_results
from gonogo.record.run_folder import RESULTS
from gonogo.signing.carrying import find_source
from gonogo.signing.signers import signers_among
from gonogo.signing.verification import carried_run


def carried_runs(  # noqa: PLR0913 - which run carries, and where the others lie
    project: Path, reports: Path, named: Sequence[str], *, environment: str, gate: str | None, release: str | None
) -> tuple[CarriedRun, ...]:
    """One for each name, for a run of this environment, gate and release. What does not hold is recorded as such, and stands for nothing.

    Raises UsageError for a run that there is not, that gates.toml carries nothing from, or that lies elsewhere than
    ``gonogo verify`` will look for it.
    """
    if release is None:
        raise UsageError(
            "--carry: a carried run must be of the same release as this run; name the release with --release"
        )
    now = datetime.now(UTC)
    service = read_environment(environment, project=project).environment.service
    demands, questions = expected_demands(project, environment=environment, service=service, gate=gate)
    signers, runs = list(signers_among(read_people(project))), []
    for name in named:
        folder = find_run(name, reports).resolve()
        results = read_results(folder / RESULTS)
        run = results.run
        source = find_source(run.environment, run.gate, demands, questions, release)
        if folder != (reports / run.environment / run.id).resolve():
            raise UsageError(
                f"--carry {name}: lies elsewhere than {reports / run.environment / run.id}, where gonogo verify looks "
                "for it beside this run; move it there"
            )
        try:
            runs.append(carried_run(folder, project, signers, source, now)[0])
        except (IntegrityError, UsageError) as error:
            runs.append(source.described(results, signed_by=(), problem=str(error)))
    if twice := next((run for run in runs if sum(run.id == other.id for other in runs) > 1), None):
        raise UsageError(f"--carry: run {twice.id} is named twice")
    return tuple(runs)
