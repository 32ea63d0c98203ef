"""``environments/gates.toml``: named sets of sections, where they may be asked, and who signs for what."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from gonogo.base.errors import UsageError
from gonogo.base.moments import Moment, Words
from gonogo.base.toml_files import Document, read_toml
from gonogo.base.wording import did_you_mean
from gonogo.environment.types import Effect
from gonogo.policy.carrying import Carry, Name, carry_problems
from gonogo.policy.catalogue import CheckPolicy
from gonogo.policy.checklist import Checklist, plain_heading
from gonogo.policy.checklist_line import ChecklistLine, Stage

EVERYTHING = "*"
_DISTURBING = frozenset({Effect.INTRUSIVE, Effect.LOAD, Effect.MONEY})


class Gate(Document):
    """A gate: everything that must be verified before something may happen."""

    title: Words
    environments: tuple[Words, ...] = ()
    """Empty: all."""
    sections: tuple[Words, ...] = ()
    lines: tuple[Words, ...] = ()
    """Ids of lines beside those of the sections, or beginnings of them."""
    leaves_out: tuple[Words, ...] = ()
    """Ids of lines of its sections, or beginnings of them, that another gate demands: one that permits what they take."""
    when: Stage | None = None
    """The time at which it is asked: lines that are later (``when=``) are no part of it. None: lines of any time are."""
    roles: tuple[Name, ...] | None = None
    """Who signs a run of this gate, for its own question: of their statements only those that it demands must be
    supported. None: all roles, with all of their statements."""
    carries: tuple[Carry, ...] = ()
    """Evidence of other runs that stands for lines of it; of each line the first that has it done."""

    @model_validator(mode="after")
    def _demands_something(self) -> Self:
        if not self.sections and not self.lines:
            raise ValueError("it demands nothing; name sections, or ids of lines in lines")
        return self

    def is_too_early_for(self, line: ChecklistLine) -> bool:
        """Whether nobody can know yet, when this gate is asked, that the line is true."""
        return self.when is not None and line.when is not None and _is_later(line.when, self.when)

    def may_ask(self, policy: CheckPolicy, *, proves: bool = True) -> bool:
        """Whether what a check looks at is there when this gate is asked; a gate of no time is asked before the launch.

        After it there are users: what disturbs them is only asked for a line of this gate that it ``proves``.
        """
        if policy.when is not None and (self.when is None or _is_later(policy.when, self.when)):
            return False
        return proves or self.when is not Stage.AFTER_LAUNCH or policy.effect not in _DISTURBING


def _is_later(stage: Stage, other: Stage) -> bool:
    stages = list(Stage)
    return stages.index(stage) > stages.index(other)


class Role(Document):
    """A role that signs, and what supports each of its statements: ids of lines, or beginnings of them."""

    title: Words
    statements: Mapping[str, Annotated[tuple[Words, ...], Field(min_length=1)]] = Field(default_factory=dict)


class Gates(Document):
    """The whole file."""

    default: Mapping[str, Name] = Field(default_factory=dict)
    gates: Mapping[Name, Gate] = Field(default_factory=dict)
    roles: Mapping[Name, Role] = Field(default_factory=dict)
    launch: Mapping[Words, Moment] = Field(default_factory=dict)
    """The moment when users come, by environment. What lies after that is attested by nobody before."""

    @model_validator(mode="after")
    def _defaults_are_gates(self) -> Self:
        for environment, gate in self.default.items():
            if gate not in self.gates:
                raise ValueError(f"default.{environment}: there is no gate {gate!r}; there are {', '.join(self.gates)}")
        return self


def read_gates(path: Path, checklist: Checklist) -> Gates:
    """Read the file, and hold it against the list. Raises UsageError with all that does not fit."""
    gates = read_toml(path, Gates)
    headings = {plain_heading(text): text for line in checklist.lines for text in line.section}
    problems = [
        f"{path}: gates.{name}.sections: no heading {section!r} in {checklist.path}{_nearest(section, headings)}"
        for name, gate in gates.gates.items()
        for section in (*gate.sections, *(section for carry in gate.carries for section in carry.sections))
        if section != EVERYTHING and plain_heading(section) not in headings
    ]
    ids = [line.id for line in checklist.lines]
    problems += [
        f"{path}: gates.{name}.{key}: no line {wanted!r} in {checklist.path}{did_you_mean(wanted, ids)}"
        for name, gate in gates.gates.items()
        for key, lines in _named_lines(gate)
        for wanted in lines
        if not any(below(identifier, wanted) for identifier in ids)
    ]
    environments = {name: gate.environments for name, gate in gates.gates.items()}
    problems += [
        f"{path}: {problem}"
        for name, gate in gates.gates.items()
        for problem in carry_problems(name, gate.carries, environments)
    ]
    for role, settings in gates.roles.items():
        for statement, supports in settings.statements.items():
            problems += [
                f"{path}: roles.{role}.statements: no line {wanted!r} in {checklist.path}"
                for wanted in (statement, *supports)
                if not any(below(identifier, wanted) for identifier in ids)
            ]
    if problems:
        raise UsageError(*problems)
    return gates


def below(identifier: str, wanted: str) -> bool:
    """Whether an id is this one, or stands below it: ``tls.validity`` below ``tls``."""
    return identifier == wanted or identifier.startswith(f"{wanted}.")


def lines_of(
    gate: Gate, checklist: Checklist, stands_for: Sequence[str], *, timeless: bool = False
) -> list[ChecklistLine]:
    """The lines that the gate demands in an environment that stands for these; ``timeless``: for every stage as well."""
    wanted = {plain_heading(section) for section in gate.sections}
    return [
        line
        for line in checklist.lines
        if _selected(line, wanted, gate.lines)
        and not _named(line, gate.leaves_out)
        and (timeless or not gate.is_too_early_for(line))
        and (not line.environments or set(line.environments) & set(stands_for))
    ]


def stands_for_line(carry: Carry, line: ChecklistLine) -> bool:
    """Whether runs of this source answer the line."""
    return _selected(line, {plain_heading(section) for section in carry.sections}, carry.lines)


def _selected(line: ChecklistLine, headings: Collection[str], lines: Sequence[str]) -> bool:
    own = {plain_heading(text) for text in line.section}
    return EVERYTHING in headings or bool(own.intersection(headings)) or _named(line, lines)


def _named(line: ChecklistLine, lines: Sequence[str]) -> bool:
    return any(below(line.id, wanted) or wanted in line.parents for wanted in lines)


def _named_lines(gate: Gate) -> Iterator[tuple[str, Sequence[str]]]:
    """Key by key, the ids that it names."""
    yield "lines", gate.lines
    yield "leaves_out", gate.leaves_out
    yield from ((f"carries.{number}.lines", carry.lines) for number, carry in enumerate(gate.carries))


def _nearest(section: str, headings: Mapping[str, str]) -> str:
    heading = did_you_mean(plain_heading(section), list(headings)).removeprefix("; did you mean ").removesuffix("?")
    return f"; did you mean {headings[heading]!r}?" if heading else ""
