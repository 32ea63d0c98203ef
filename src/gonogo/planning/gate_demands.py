"""What a gate demands beside its checks: the team's list, its attestations and its waivers, read once per run."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gonogo.base.bundled import bundled_root
from gonogo.base.errors import UsageError
from gonogo.base.wording import nearest_or_all
from gonogo.environment.model import Service
from gonogo.families.registry import read_environment
from gonogo.planning.plan import LOAD, PRE_DEPLOY, SMOKE, narrow_gate
from gonogo.planning.rule_values import Rules
from gonogo.planning.rules import team_rules
from gonogo.planning.suite import Suite, closure, project_suite
from gonogo.planning.team_files import TeamFiles, contradictions, counted_environments, covered_lines, waiver_problems
from gonogo.policy.attestations import Attestation, read_attestations
from gonogo.policy.checklist import Checklist, read_checklist
from gonogo.policy.checklist_line import ChecklistLine
from gonogo.policy.gates import EVERYTHING, Gate, Gates, Role, lines_of, read_gates
from gonogo.policy.local import FILE as LOCAL_POLICY
from gonogo.policy.people import FILE as PEOPLE
from gonogo.policy.people import read_people
from gonogo.policy.waivers import Waiver, read_waivers

LIST, GATES = "checklist.md", "gates.toml"
_NARROW = {
    SMOKE: Gate(title="Do the critical paths work?", sections=(EVERYTHING,)),
    LOAD: Gate(title="Does the latency budget hold?", sections=(EVERYTHING,)),
}
"""Gates of commands of their own: they demand checks, and no line of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateDemands:
    """The checklist, the roles, the attestations and the waivers of one gate, as they were when the run began.

    Recorded with the evidence, so that a replay judges by the same.
    """

    name: str
    gate: Gate
    stands_for: Sequence[str] = ()
    """Environments whose own lines count here."""
    checklist: Checklist = field(default_factory=Checklist)
    roles: Mapping[str, Role] = field(default_factory=dict)
    attestations: Sequence[Attestation] = ()
    waivers: Sequence[Waiver] = ()
    timeless: bool = False
    """Whether lines of every stage of the launch count at once, as in the bundled environment, which has no launch."""
    digest: str = ""
    """SHA-256 over the files it was read from."""
    files: Rules = field(default_factory=dict)
    """What stands in them by key; empty in records from before this was kept."""

    @property
    def lines(self) -> Sequence[ChecklistLine]:
        """Lines that the gate demands in this environment."""
        return (
            [] if self.name in _NARROW else lines_of(self.gate, self.checklist, self.stands_for, timeless=self.timeless)
        )


def list_folder(project: Path, *, bundled: bool) -> Path | None:
    """The folder whose ``environments/`` holds the list: the project, or gonogo's own for the bundled environment.

    Raises UsageError where a list was meant, and is not there: without it a gate would demand no line at all.
    """
    path = project / "environments" / LIST
    if path.is_file() or path.is_symlink() or path.exists():
        return project  # whatever it is, it is read, and refused if it is no list
    gates = project / "environments" / GATES
    if gates.exists() and not bundled:
        raise UsageError(f"{path}: does not exist, but {gates} names its sections; restore it, or import a list")
    return bundled_root() if bundled else None


def read_gate_demands(
    project: Path, suite: Suite, *, environment: str, service: Service, gate: str | None
) -> GateDemands:
    """Read the list, the gates, people, attestations and waivers. Raises UsageError with what is wrong in them."""
    read, has_list = read_team_files(project, suite, environment=environment, service=service)
    name = gate or read.gates.default.get(environment, PRE_DEPLOY)
    return GateDemands(
        name=name,
        gate=_chosen(name, read.gates, environment, read.root / "environments" / GATES),
        stands_for=counted_environments(environment, service.stands_for) if has_list else (),
        checklist=read.checklist,
        roles=read.gates.roles,
        attestations=read.attestations,
        waivers=read.waivers,
        timeless=service.bundled,
        digest=team_files_digest(read.root, environment, read.attestations),
        files=team_rules(_team_files(read.root, environment), read.root),
    )


def read_team_files(project: Path, suite: Suite, *, environment: str, service: Service) -> tuple[TeamFiles, bool]:
    """What a team wrote for one environment, held against each other, and whether there is a list.

    Without one nothing but waivers and people is read. Raises UsageError with all that contradicts.
    """
    folder = list_folder(project, bundled=service.bundled)
    root, has_list = folder or project, folder is not None
    unwaivable = {name for name, line in suite.catalogue.items() if not line.waivable}
    waivers = read_waivers(root, environment, suite.catalogue, unwaivable)
    checklist, gates = read_list(root) if has_list else (Checklist(), Gates())
    read = TeamFiles(
        root=root,
        environment=environment,
        stands_for=service.stands_for,
        bundled=service.bundled,
        checklist=checklist,
        gates=gates,
        people=read_people(root),
        attestations=read_attestations(root, environment) if has_list else (),
        waivers=waivers,
    )
    if has_list:
        _refuse([*contradictions(read), *covered_lines(suite, read), *_unknown_owners(project, suite, gates)])
    else:
        _refuse(waiver_problems(root, environment, waivers, read.people))
    return read, has_list


def _unknown_owners(project: Path, suite: Suite, gates: Gates) -> Iterable[str]:
    """Roles of ``[owners]`` that nobody has, where the team says which there are."""
    for name, role in suite.owners.items():
        if gates.roles and role not in gates.roles:
            yield f"{project / LOCAL_POLICY}: owners.{name}: no role {role!r}{nearest_or_all(role, list(gates.roles))}"


def refuse_contradictions(project: Path, environments: Sequence[str]) -> None:
    """Raise UsageError with all that a run of any of these environments would refuse in what the team wrote."""
    problems: list[str] = []
    for name in environments:
        try:
            described = read_environment(name, project=project).environment
            bundled = described.service.bundled
            suite = project_suite(project, bundled=bundled, environment=name, declared=[described])
            read, _ = read_team_files(project, suite, environment=name, service=described.service)
            if name in read.gates.default:
                expected_gate(project, environment=name, bundled=bundled, gate=None)
        except UsageError as error:
            problems += error.problems
    _refuse(problems)


def expected_gate(project: Path, *, environment: str, bundled: bool, gate: str | None) -> tuple[str, Gate]:
    """The gate that whoever deploys goes by: the one that is named, else the environment's. Raises UsageError."""
    root = list_folder(project, bundled=bundled)
    gates = read_list(root)[1] if root else Gates()
    name = gate or gates.default.get(environment, PRE_DEPLOY)
    return name, _chosen(name, gates, environment, (root or project) / "environments" / GATES)


def expected_demands(
    project: Path, *, environment: str, service: Service, gate: str | None
) -> tuple[GateDemands, dict[str, str]]:
    """A gate's demands on the list, whatever people said, and every gate's question by name. Raises UsageError."""
    root = list_folder(project, bundled=service.bundled)
    checklist, gates = read_list(root) if root else (Checklist(), Gates())
    name = gate or gates.default.get(environment, PRE_DEPLOY)
    demands = GateDemands(
        name=name,
        gate=_chosen(name, gates, environment, (root or project) / "environments" / GATES),
        stands_for=counted_environments(environment, service.stands_for),
        checklist=checklist,
        roles=gates.roles,
        timeless=service.bundled,
    )
    return demands, {name: settings.title for name, settings in gates.gates.items()}


def _refuse(problems: Iterable[str]) -> None:
    if distinct := list(dict.fromkeys(problems)):
        raise UsageError(*distinct)


def read_list(root: Path) -> tuple[Checklist, Gates]:
    """The checklist, and the gates if there are any. Raises UsageError with what is wrong in them."""
    checklist = _shortened(read_checklist(root / "environments" / LIST), root)
    path = root / "environments" / GATES
    return checklist, read_gates(path, checklist) if path.is_file() else Gates()


_FOUNDATION, _RELEASE = "service-answers", "release-under-review"


def demanded_checks(suite: Suite, demands: GateDemands, *, release: str | None) -> frozenset[str]:
    """The checks of the gate, and those of every gate: that the service answers, with the release that is given."""
    foundation = (_FOUNDATION, *((_RELEASE,) if release else ()))
    return _checks_of_gate(suite, demands) | closure(suite, [name for name in foundation if name in suite.catalogue])


def _checks_of_gate(suite: Suite, demands: GateDemands) -> frozenset[str]:
    """The checks that prove or support a line of the gate, those about no line at all, and what they need."""
    narrow = narrow_gate(suite, demands.name)
    if narrow is not None:
        return narrow
    elsewhere = _about(suite, demands.checklist.lines)
    applying, proving = _about(suite, demands.lines), _proving(suite, demands.lines)
    return closure(
        suite,
        [
            name
            for name in suite.order
            if (name in applying or name not in elsewhere)
            and demands.gate.may_ask(suite.catalogue[name], proves=name in proving)
        ],
    )


def team_files_digest(root: Path, environment: str, attestations: Sequence[Attestation] = ()) -> str:
    """SHA-256 over everything that people wrote for this environment: these attestations, and the evidence they rest on."""
    files = [*_team_files(root, environment), *sorted(root / attestation.path for attestation in attestations)]
    digest = hashlib.sha256()
    for path in files:
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    for attestation in sorted(attestations, key=lambda attestation: attestation.line):
        digest.update(f"{attestation.line}\0{attestation.found}\0".encode())
    return digest.hexdigest()


def _team_files(root: Path, environment: str) -> Sequence[Path]:
    folder = root / "environments"
    return [folder / LIST, folder / GATES, folder / PEOPLE, folder / "waivers" / f"{environment}.toml"]


def _about(suite: Suite, lines: Sequence[ChecklistLine]) -> set[str]:
    """The checks that prove or support any of these lines."""
    ids = {line.id for line in lines}
    return _proving(suite, lines) | {
        name for name, policy in suite.catalogue.items() if ids.intersection(policy.supports)
    }


def _proving(suite: Suite, lines: Sequence[ChecklistLine]) -> set[str]:
    """The checks that prove any of these lines, by the catalogue or by the list."""
    ids = {line.id for line in lines}
    named = {check for line in lines for check in line.checks}
    return named | {name for name, policy in suite.catalogue.items() if ids.intersection(policy.proves)}


def _chosen(name: str, gates: Gates, environment: str, path: Path) -> Gate:
    """The gate of that name. Raises UsageError for one that there is not, or that is not for this environment."""
    if name in _NARROW:
        return _NARROW[name]
    if not gates.gates and name == PRE_DEPLOY:
        return Gate(title="May we launch?", sections=(EVERYTHING,))
    candidates = [*gates.gates, *_NARROW]
    if name not in gates.gates:
        raise UsageError(f"{path}: no gate {name!r}{nearest_or_all(name, candidates)}")
    gate = gates.gates[name]
    if gate.environments and environment not in gate.environments:
        raise UsageError(
            f"{path}: gates.{name}: is not for {environment}, but for {', '.join(gate.environments)}; "
            f"choose another with --gate, or set default.{environment}"
        )
    return gate


def _shortened(checklist: Checklist, root: Path) -> Checklist:
    """The file's path as seen from the project: what is recorded names no folder of this machine."""
    path = Path(checklist.path).relative_to(root).as_posix()
    notes = [path + note.removeprefix(checklist.path) for note in checklist.notes]
    return replace(checklist, path=path, notes=notes)
