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
from gonogo.environment.load import declared
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
class Papers:
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


def contradictions(papers: Papers) -> list[str]:
    """All of them, each with file, line or key, and cure."""
    return [
        *role_problems(papers.people, list(papers.gates.roles), papers.people_path),
        *_unknown_environments(papers),
        *_unknown_roles(papers),
        *_hiding_lines(papers),
        *_lines_that_are_signed(papers),
        *attestation_problems(papers),
        *waiver_problems(papers.root, papers.environment, papers.waivers, papers.people),
    ]


def _unknown_environments(papers: Papers) -> Iterator[str]:
    names = {*declared(papers.root), BUNDLED}
    standing = {name: _stands_for(papers.root, name) for name in declared(papers.root)}
    standing[papers.environment] = papers.stands_for
    environments = {*names, papers.environment, *(name for others in standing.values() for name in others)}
    named = {name for line in papers.checklist.lines for name in (*line.environments, *line.group)}
    used = [*_named_in_list(papers), *_named_in_gates(papers.gates)]
    yield from (f"{where}: {_no_environment(name, environments)}" for where, name in used if name not in environments)
    for environment, others in standing.items():
        where = f"environments/{environment}.toml: service.stands_for"
        unknown = [name for name in others if name not in names | named]
        yield from (f"{where}: {name}: {_no_environment(name, names)}, or of a line's env=" for name in unknown)


def _named_in_list(papers: Papers) -> Iterator[tuple[str, str]]:
    """Where, and which environment."""
    for line in papers.checklist.lines:
        for option, values in (("env", line.environments), ("group", line.group)):
            yield from ((f"{papers.checklist.path}:{line.number}: {option}={name}", name) for name in values)


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


def _unknown_roles(papers: Papers) -> Iterator[str]:
    roles = known_roles(papers.gates, papers.people)
    where = "gates.toml" if papers.gates.roles else "gates.toml, and nobody has it in people.toml"
    for line in papers.checklist.lines:
        for role in line.attest:
            if problem := unknown_role(role, roles, where):
                yield f"{papers.checklist.path}:{line.number}: attest={role}: {problem}"
    for gate, settings in papers.gates.gates.items():
        named = [("roles", role) for role in settings.roles or ()]
        named += [
            (f"carries.{number}.signed_by", role)
            for number, carry in enumerate(settings.carries)
            for role in carry.signed_by
        ]
        for key, role in named:
            if problem := unknown_role(role, roles, where):
                yield f"environments/gates.toml: gates.{gate}.{key}: {problem}"


def _hiding_lines(papers: Papers) -> Iterator[str]:
    """Lines whose lines below them are all of other environments: here nobody would ask for them."""
    counted = set(counted_environments(papers.environment, papers.stands_for))
    for line in papers.checklist.lines:
        if line.leaf:
            continue
        below = [leaf for leaf in papers.checklist.lines if leaf.leaf and line.id in leaf.parents]
        applies = any(not leaf.environments or counted & set(leaf.environments) for leaf in below)
        where = f"{papers.checklist.path}:{line.number}: {line.id}"
        others = sorted({name for leaf in below for name in leaf.environments})
        if not applies and (not line.group or counted & set(line.group)):
            yield (
                f"{where}: all lines below it are for {', '.join(others)}, so {papers.environment} would ask for none of "
                f"it; write group={','.join(others)} after its id if it is about nothing else, or give "
                f"{papers.environment} a line below it"
            )
        if line.group and applies and not counted & set(line.group):
            yield f"{where}: group={','.join(line.group)}, but lines below it count in {papers.environment}; name it as well"


def _lines_that_are_signed(papers: Papers) -> Iterator[str]:
    for line in papers.checklist.lines:
        if line.id not in papers.statements:
            continue
        where = f"{papers.checklist.path}:{line.number}: {line.id} is a statement of gates.toml, which its role signs"
        if not line.leaf:
            yield f"{where}; nothing may stand below it: name what supports it in gates.toml"
        if line.leaf and (line.attest or line.checks):
            yield f"{where}; take attest= and checks= away, and name what supports it in gates.toml"


def attestation_problems(papers: Papers) -> Iterator[str]:
    """Attestations that nobody may have written so."""
    for spoken in papers.attestations:
        for problem in attestation_refusals(papers, spoken):
            yield f"{papers.root / spoken.path if spoken.path else spoken.line}: {problem}"


def attestation_refusals(papers: Papers, spoken: Attestation) -> Iterator[str]:
    """Why this one may not be: an unknown person or role, somebody else's role, or more than its line allows."""
    roles = known_roles(papers.gates, papers.people)
    if problem := unknown_person(spoken.by, papers.people, papers.people_path, spoken.role):
        yield f"by: {problem}"
    if (problem := unknown_role(spoken.role, roles, "gates.toml")) or (
        problem := foreign_role(spoken.by, spoken.role, papers.people, papers.people_path)
    ):
        yield f"role: {problem}"
    line = papers.checklist.find(spoken.line)
    if spoken.line in papers.statements:
        yield f"line: {spoken.line} is a statement of gates.toml; its role signs it: gonogo sign"
    elif line is not None:
        too_early = _before_the_launch(papers, spoken, line)
        yield from filter(None, [too_early or refusal(spoken, line, bounded=not papers.bundled)])


def _before_the_launch(papers: Papers, spoken: Attestation, line: ChecklistLine) -> str:
    launch = papers.gates.launch.get(papers.environment)
    if line.when is not Stage.AFTER_LAUNCH or launch is None or spoken.at >= launch or papers.bundled:
        return ""
    return f"at: {spoken.line} is about the time after the launch ({launch:%Y-%m-%d %H:%M} UTC); attest it then"


def waiver_problems(root: Path, environment: str, waivers: Sequence[Waiver], people: People) -> Iterator[str]:
    """Waivers whose two persons are not two that there are."""
    path, where = waivers_path(root, environment), f"environments/{FILE}"
    for number, waiver in enumerate(waivers):
        for key, name in (("owner", waiver.owner), ("approved_by", waiver.approved_by)):
            if problem := unknown_person(name, people, where):
                yield f"{path}: waiver.{number}.{key}: {problem}"
        if problem := granted_to_themselves(waiver, people):
            yield f"{path}: waiver.{number}: {problem}"


def covered_lines(suite: Suite, papers: Papers) -> Iterator[str]:
    """A catalogue beside the list must speak of lines that a check can verify; a foreign one may know others."""
    lines = {line.id: line for line in papers.checklist.lines}
    own = [folder for folder in suite.folders if folder.parent == papers.root.resolve()]
    for name, policy in suite.catalogue.items():
        declared = suite.declarations[name]
        if declared.entry or any(declared.path.is_relative_to(folder) for folder in own):
            catalogue = declared.path.parent / "catalogue.toml"
            file = f"environments/{papers.environment}.toml" if declared.entry else catalogue
            for key, named in (("line" if declared.entry else "proves", policy.proves), ("supports", policy.supports)):
                for problem in filter(None, (_uncoverable(line, lines, papers) for line in named)):
                    yield f"{file}: {name}.{key}: {problem}"
    for line in papers.checklist.lines:
        for check in line.checks:
            if check not in suite.catalogue and check not in suite.elsewhere:
                near = did_you_mean(check, suite.order) or "; gonogo checks lists them"
                yield f"{papers.checklist.path}:{line.number}: checks={check}: there is no such check{near}"


def _uncoverable(covered: str, lines: Mapping[str, ChecklistLine], papers: Papers) -> str:
    if covered not in lines:
        return f"no line {covered!r} in {papers.checklist.path}{did_you_mean(covered, list(lines))}"
    if not lines[covered].leaf:
        return f"{covered} has lines below it, and is as good as they are; name those"
    if covered in papers.statements:
        return f"{covered} is signed, and rests on what gates.toml names; name those lines"
    return ""
