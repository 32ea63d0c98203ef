"""Whether the policy that a run was judged by is the one of this checkout: read from its files, and compared whole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.environment.load import EnvironmentFile, overlaid
from gonogo.environment.model import Environment
from gonogo.families.load.section import Load
from gonogo.families.registry import read_environment
from gonogo.planning.digests import expectations_digest
from gonogo.planning.gate_demands import GateDemands, list_folder, read_gate_demands, team_files_digest
from gonogo.planning.lowered import lowered, told_otherwise
from gonogo.planning.plan import LOAD
from gonogo.planning.rule_values import Rules
from gonogo.planning.trust import trust_anchors
from gonogo.planning.trusted import TrustAnchor, other_trust
from gonogo.policy.attestations import Attestation, changed_evidence, read_attestations
from gonogo.record.origin import DAMAGED
from gonogo.record.results import Results
from gonogo.runs.replay import Replayed
from gonogo.signing.redacted import same_text

_DEMANDS: TypeAdapter[GateDemands] = TypeAdapter(GateDemands)
_FREE = frozenset({"note", "notes", "reason", "risk", "source", "text", "title"})
"""Keys of prose, which decides nothing: there alone a run may hold a redacted secret in place of the file's words."""


def check_policy(results: Results, replayed: Replayed, project: Path, *, earlier: bool = False) -> None:
    """The list, the gates, people, attestations, waivers and the environment file as they are now. Raises IntegrityError.

    Nothing is compared with what the run says of itself: digests and demands are made again from the project. At an
    ``earlier`` run, attestations of lines that nobody had attested then are left out: they would only have done more lines.
    """
    run = results.run
    try:
        file = read_environment(run.environment, project=project)
        root = list_folder(project, bundled=file.environment.service.bundled)
    except UsageError as error:
        raise IntegrityError(f"the policy cannot be compared: {error}") from None
    attested = _attested(root, run.environment) if root else []
    if earlier:
        recorded_lines = {attestation.line for attestation in replayed.plan.demands.attestations}
        attested = [attestation for attestation in attested if attestation.line in recorded_lines]
    digest = team_files_digest(root or project, run.environment, attested)
    if digest != results.provenance.policy:
        raise IntegrityError(
            next(changed_evidence(attested), "")
            or "the checklist, the gates, the people, the attestations or the waivers differ from those that the run "
            "was judged by; check out the commit of the run, or run again"
        )
    _check_demands(results, replayed, project, file, (attested, digest) if earlier else None)
    _check_expectations(results, replayed, file)


def _check_demands(
    results: Results,
    replayed: Replayed,
    project: Path,
    file: EnvironmentFile,
    then: tuple[Sequence[Attestation], str] | None,
) -> None:
    """``then`` has the attestations that there were at an earlier run, and the digest with them."""
    run = results.run
    try:
        current = read_gate_demands(
            project, replayed.plan.suite, environment=run.environment, service=file.environment.service, gate=run.gate
        )
    except UsageError as error:
        raise IntegrityError(f"the policy cannot be compared: {error}") from None
    if then is not None:
        current = replace(current, attestations=then[0], digest=then[1])
    if problem := next(unlike(replayed.plan.demands, current, run.environment), ""):
        raise IntegrityError(problem)


def unlike(recorded: GateDemands, current: GateDemands, environment: str) -> Iterator[str]:
    """Say in words where a run's demands differ from the files of the project."""
    then, now = (_DEMANDS.dump_python(side, mode="json", exclude={"files"}) for side in (recorded, current))
    waivers, attestations = (then["waivers"], now["waivers"]), (then["attestations"], now["attestations"])
    yield from _entries("a waiver of", "check", waivers, f"environments/waivers/{environment}.toml")
    yield from _entries("an attestation of", "line", attestations, f"environments/attestations/{environment}")
    if not _same(then["gate"], now["gate"]):
        yield f"the run was judged by a gate {recorded.name} that is not the one in environments/gates.toml"
    if not _same(then["roles"], now["roles"]):
        yield "the run was judged by other roles than environments/gates.toml has now"
    yield from (
        f"the run was judged by other {key.replace('_', ' ')} than the project has now"
        for key in now
        if not _same(then.get(key), now[key], key)
    )
    # Older runs kept digests only.
    if recorded.files and not _same_rules(recorded.files, current.files):
        yield "the run was judged by other files of the team than the project has now"


def _same_rules(recorded: Rules, current: Rules) -> bool:
    """Whether files have the same keys and values; a secret in them may be redacted in the run."""
    return recorded.keys() == current.keys() and all(
        values.keys() == current[file].keys()
        and all(same_text(value, current[file][key]) for key, value in values.items())
        for file, values in recorded.items()
    )


Entries = Sequence[Mapping[str, Any]]


def _entries(kind: str, name: str, sides: tuple[Entries, Entries], place: str) -> Iterator[str]:
    recorded, current = ({entry[name]: entry for entry in side} for side in sides)
    if len(recorded) < len(sides[0]):
        yield f"the run has {kind} the same {name} twice"
    for subject in recorded.keys() - current.keys():
        yield f"the run has {kind} {subject} that {place} does not have"
    for subject in current.keys() - recorded.keys():
        yield f"{place} has {kind} {subject} that the run does not have"
    for subject in recorded.keys() & current.keys():
        if not _same(recorded[subject], current[subject]):
            yield f"the run has {kind} {subject} that differs from the one in {place}"


def _same(recorded: Any, current: Any, key: str = "") -> bool:  # noqa: ANN401 - JSON values
    match recorded, current:
        case Mapping(), Mapping():
            return recorded.keys() == current.keys() and all(
                _same(recorded[name], current[name], name) for name in current
            )
        case list(), list():
            return len(recorded) == len(current) and all(
                _same(left, right, key) for left, right in zip(recorded, current, strict=True)
            )
        case str(), str() if key in _FREE:
            return same_text(recorded, current)
    return bool(recorded == current)


def _check_expectations(results: Results, replayed: Replayed, file: EnvironmentFile) -> None:
    """Compare the environment file's expectations; only what the command line gave is left out."""
    overlay = replayed.recording.told
    if foreign := told_otherwise(overlay):
        raise IntegrityError(f"evidence.json: told: no option of the command line sets {', '.join(foreign)}; {DAMAGED}")
    try:
        effective = overlaid(file, overlay).environment if overlay else file.environment
    except UsageError as error:
        raise IntegrityError(f"evidence.json: told: {error}") from None
    if results.run.lowered != list(_lowered(file, effective, results, replayed)):
        raise IntegrityError(f"the run does not say which load settings were lower than {file.path.name} declares")
    if file.environment.service.bundled:
        # The addresses are those of the instance that was started; the load is that of the file.
        same = results.run.gate != LOAD or replayed.plan.environment.section(Load) == effective.section(Load)
    else:
        same = expectations_digest(effective) == results.provenance.environment
    if not same:
        raise IntegrityError(
            f"{file.path.name}: is not the environment file that the run was judged by; check out the commit of the run, or run again"
        )
    if not file.environment.service.bundled:
        _check_trust(results, trust_anchors(effective, file.project), file.path.name)


def _check_trust(results: Results, current: Sequence[TrustAnchor], name: str) -> None:
    """The files that say whom to trust, as they are in this checkout. Raises IntegrityError."""
    if problem := next(other_trust(results.provenance.trust, current), None):
        place, then, now = problem
        raise IntegrityError(
            f"{name}: {place}: the run trusted {then}, and now it is {now}; keep the file in the project, check out the "
            "commit of the run, or run again"
        )


def _lowered(file: EnvironmentFile, effective: Environment, results: Results, replayed: Replayed) -> Sequence[str]:
    return lowered(file.environment, effective, replayed.recording.profile) if results.run.gate == LOAD else ()


def _attested(root: Path, environment: str) -> Sequence[Attestation]:
    """Read the attestations, with their evidence as it is now. Raises IntegrityError."""
    try:
        return read_attestations(root, environment)
    except UsageError as error:
        raise IntegrityError(f"the attestations cannot be compared: {error}") from None
