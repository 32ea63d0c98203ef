"""Holds what a team wrote against each other: list, gates, people, attestations, waivers, and the environments there are.

A name that nobody has is found before anything runs: a line that is about no environment would be demanded by nobody,
and a role that nobody has would speak for nobody.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.base.toml_files import parse_toml
from gonogo.base.wording import did_you_mean, nearest_or_all
from gonogo.environment.names import declared
from gonogo.planning.suite import Suite
from gonogo.policy.attestations import Attestation, refusal
from gonogo.policy.checklist import Checklist
from gonogo.policy.checklist_line import ChecklistLine, Stage
from gonogo.policy.gates import Gates
from gonogo.policy.people import FILE, People, foreign_role, role_problems, unknown_person, unknown_role
from gonogo.policy.waivers import Waiver, granted_to_themselves, waivers_path

BUNDLED = "reference"
"""The environment that every project has, since gonogo brings it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFiles:
    """The team's files as read, each valid in itself."""

    root: Path
    environment: str
    stands_for: Sequence[str] = ()
    """As the environment file says."""
    bundled: bool = False
    """Whether it is the bundled environment, whose attestations are samples and outlast every bound."""
    checklist: Checklist
    gates: Gates
    people: People
    attestations: Sequence[Attestation] = ()
    waivers: Sequence[Waiver] = ()

    @property
    def people_path(self) -> str:
        """The path of the list of people, as messages name it."""
        return f"environments/{FILE}"

    @property
    def statements(self) -> Collection[str]:
        """Ids of the lines that are signed."""
        return {statement for role in self.gates.roles.values() for statement in role.statements}


def counted_environments(environment: str, stands_for: Sequence[str]) -> Sequence[str]:
    """The environments whose own lines count: always its own, and those that it stands for."""
    return tuple(dict.fromkeys((environment, *stands_for)))


def known_roles(gates: Gates, people: People) -> Collection[str]:
    """The roles of gates.toml; while that has none, the roles that people have."""
    return list(gates.roles) or sorted({role for person in people.person for role in person.roles})


def contradictions(files: TeamFiles) -> list[str]:
    """All of them, each with file, line or key, and cure."""
    return [
        *role_problems(files.people, list(files.gates.roles), files.people_path),
        *_unknown_environments(files),
        *_unknown_roles(files),
        *_hiding_lines(files),
        *_lines_that_are_signed(files),
        *attestation_problems(files),
        *waiver_problems(files.root, files.environment, files.waivers, files.people),
    ]


def _unknown_environments(files: TeamFiles) -> Iterator[str]:
    """Environments that are named somewhere and that nobody declared: a line about them would never be asked."""
    names = {*declared(files.root), BUNDLED}
    standing = {name: _stands_for(files.root, name) for name in declared(files.root)}
    standing[files.environment] = files.stands_for
    environments = {*names, files.environment, *(name for others in standing.values() for name in others)}
    named = {name for line in files.checklist.lines for name in (*line.environments, *line.group)}
    used = [*_named_in_list(files), *_named_in_gates(files.gates)]
    yield from (f"{where}: {_no_environment(name, environments)}" for where, name in used if name not in environments)
    for environment, others in standing.items():
        where = f"environments/{environment}.toml: service.stands_for"
        unknown = [name for name in others if name not in names | named]
        yield from (f"{where}: {name}: {_no_environment(name, names)}, or of a line's env=" for name in unknown)


def _named_in_list(files: TeamFiles) -> Iterator[tuple[str, str]]:
    """Where, and which environment."""
    for line in files.checklist.lines:
        for option, values in (("env", line.environments), ("group", line.group)):
            yield from ((f"{files.checklist.path}:{line.number}: {option}={name}", name) for name in values)


def _named_in_gates(gates: Gates) -> Iterator[tuple[str, str]]:
    yield from ((f"environments/gates.toml: default.{name}", name) for name in gates.default)
    for gate, settings in gates.gates.items():
        where = f"environments/gates.toml: gates.{gate}.environments"
        yield from ((f"{where}: {name}", name) for name in settings.environments)
        for number, carry in enumerate(settings.carries):
            where = f"environments/gates.toml: gates.{gate}.carries.{number}"
            yield from ((f"{where}: {name}", name) for name in (*carry.into, carry.environment))


def _stands_for(root: Path, name: str) -> Sequence[str]:
    """The ``stands_for`` of another environment's file, whose own problems are told when it is used."""
    try:
        service = parse_toml(root / "environments" / f"{name}.toml").get("service")
    except UsageError:
        return ()
    others = service.get("stands_for", ()) if isinstance(service, Mapping) else ()
    return [name for name in others if isinstance(name, str)] if isinstance(others, list) else ()


def _no_environment(name: str, candidates: Collection[str]) -> str:
    return f"no such environment{nearest_or_all(name, sorted(candidates))}; or write environments/{name}.toml"


def _unknown_roles(files: TeamFiles) -> Iterator[str]:
    """Roles that are named somewhere and that nobody has: what they must say would stay open for ever."""
    roles = known_roles(files.gates, files.people)
    where = "gates.toml" if files.gates.roles else "gates.toml, and nobody has it in people.toml"
    for line in files.checklist.lines:
        for role in line.attest:
            if problem := unknown_role(role, roles, where):
                yield f"{files.checklist.path}:{line.number}: attest={role}: {problem}"
    for gate, settings in files.gates.gates.items():
        named = [("roles", role) for role in settings.roles or ()]
        named += [
            (f"carries.{number}.signed_by", role)
            for number, carry in enumerate(settings.carries)
            for role in carry.signed_by
        ]
        for key, role in named:
            if problem := unknown_role(role, roles, where):
                yield f"environments/gates.toml: gates.{gate}.{key}: {problem}"


def _hiding_lines(files: TeamFiles) -> Iterator[str]:
    """Lines whose lines below them are all of other environments: here nobody would ask for them."""
    counted = set(counted_environments(files.environment, files.stands_for))
    for line in files.checklist.lines:
        if line.leaf:
            continue
        below = [leaf for leaf in files.checklist.lines if leaf.leaf and line.id in leaf.parents]
        applies = any(not leaf.environments or counted & set(leaf.environments) for leaf in below)
        where = f"{files.checklist.path}:{line.number}: {line.id}"
        others = sorted({name for leaf in below for name in leaf.environments})
        if not applies and (not line.group or counted & set(line.group)):
            yield (
                f"{where}: all lines below it are for {', '.join(others)}, so a run of {files.environment} would demand none of "
                f"it; write group={','.join(others)} after its id if it is about nothing else, or give "
                f"{files.environment} a line below it"
            )
        if line.group and applies and not counted & set(line.group):
            yield f"{where}: group={','.join(line.group)}, but lines below it count in {files.environment}; name it as well"


def _lines_that_are_signed(files: TeamFiles) -> Iterator[str]:
    """Statements that are proved like other lines as well: a signature alone must stand for them."""
    for line in files.checklist.lines:
        if line.id not in files.statements:
            continue
        where = f"{files.checklist.path}:{line.number}: {line.id} is a statement of gates.toml, which its role signs"
        if not line.leaf:
            yield f"{where}; no line may be below it: name what supports it in gates.toml"
        if line.leaf and (line.attest or line.checks):
            yield f"{where}; remove attest= and checks=, and name what supports it in gates.toml"


def attestation_problems(files: TeamFiles) -> Iterator[str]:
    """Attestations that nobody may have written so."""
    for attestation in files.attestations:
        for problem in attestation_refusals(files, attestation):
            yield f"{files.root / attestation.path if attestation.path else attestation.line}: {problem}"


def attestation_refusals(files: TeamFiles, attestation: Attestation) -> Iterator[str]:
    """Why this one may not be: an unknown person or role, somebody else's role, or more than its line allows."""
    roles = known_roles(files.gates, files.people)
    if problem := unknown_person(attestation.by, files.people, files.people_path, attestation.role):
        yield f"by: {problem}"
    if (problem := unknown_role(attestation.role, roles, "gates.toml")) or (
        problem := foreign_role(attestation.by, attestation.role, files.people, files.people_path)
    ):
        yield f"role: {problem}"
    line = files.checklist.find(attestation.line)
    if attestation.line in files.statements:
        yield f"line: {attestation.line} is a statement of gates.toml; its role signs it: gonogo sign"
    elif line is not None:
        too_early = _before_the_launch(files, attestation, line)
        yield from filter(None, [too_early or refusal(attestation, line, bounded=not files.bundled)])


def _before_the_launch(files: TeamFiles, attestation: Attestation, line: ChecklistLine) -> str:
    launch = files.gates.launch.get(files.environment)
    if line.when is not Stage.AFTER_LAUNCH or launch is None or attestation.at >= launch or files.bundled:
        return ""
    return f"at: {attestation.line} is about the time after the launch ({launch:%Y-%m-%d %H:%M} UTC); attest it then"


def waiver_problems(root: Path, environment: str, waivers: Sequence[Waiver], people: People) -> Iterator[str]:
    """Waivers whose two persons are not two that there are."""
    path, where = waivers_path(root, environment), f"environments/{FILE}"
    for number, waiver in enumerate(waivers):
        for key, name in (("owner", waiver.owner), ("approved_by", waiver.approved_by)):
            if problem := unknown_person(name, people, where):
                yield f"{path}: waiver.{number}.{key}: {problem}"
        if problem := granted_to_themselves(waiver, people):
            yield f"{path}: waiver.{number}: {problem}"


def covered_lines(suite: Suite, files: TeamFiles) -> Iterator[str]:
    """A catalogue beside the list must speak of lines that a check can verify; a foreign one may know others."""
    lines = {line.id: line for line in files.checklist.lines}
    own = [folder for folder in suite.folders if folder.parent == files.root.resolve()]
    for name, policy in suite.catalogue.items():
        declared = suite.declarations[name]
        if declared.entry or any(declared.path.is_relative_to(folder) for folder in own):
            catalogue = declared.path.parent / "catalogue.toml"
            file = f"environments/{files.environment}.toml" if declared.entry else catalogue
            for key, named in (("line" if declared.entry else "proves", policy.proves), ("supports", policy.supports)):
                for problem in filter(None, (_uncoverable(line, lines, files) for line in named)):
                    yield f"{file}: {name}.{key}: {problem}"
    for line in files.checklist.lines:
        for check in line.checks:
            if check not in suite.catalogue and check not in suite.elsewhere:
                near = did_you_mean(check, suite.order) or "; gonogo checks lists them"
                yield f"{files.checklist.path}:{line.number}: checks={check}: there is no such check{near}"


def _uncoverable(covered: str, lines: Mapping[str, ChecklistLine], files: TeamFiles) -> str:
    """Why a check cannot be named for a line; empty if it can."""
    if covered not in lines:
        return f"no line {covered!r} in {files.checklist.path}{did_you_mean(covered, list(lines))}"
    if not lines[covered].leaf:
        return f"{covered} has lines below it, and takes its status from them; name those"
    if covered in files.statements:
        return f"{covered} is signed, and depends on the lines that gates.toml names; name those lines"
    return ""
