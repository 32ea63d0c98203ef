"""Writes into the list which checks prove a line, and refuses what would stop the next run or be read by nobody."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from gonogo.base.errors import UsageError
from gonogo.base.whole_files import write_whole
from gonogo.base.wording import did_you_mean
from gonogo.planning.gate_demands import LIST, read_list
from gonogo.planning.suite import Suite
from gonogo.policy.checklist import Checklist, parse_checklist
from gonogo.policy.gates import Gates
from gonogo.policy.list_text import linked


def link(project: Path, identifier: str, checks: Sequence[str], suite: Suite) -> None:
    """Write the checks into the comment of the line. Raises UsageError with all that is wrong; then nothing is written."""
    path = project / "environments" / LIST
    if not path.is_file():
        raise UsageError(f"{path}: does not exist; gonogo checklist import LIST.md makes it from a list that you have")
    checklist, gates = read_list(project)
    problems = [*_line_problems(checklist, gates, identifier), *_check_problems(suite, checks)]
    line = checklist.find(identifier)
    if line is not None:
        where = f"{checklist.path}:{line.number}: {identifier}"
        problems += [f"{where}: checks={name} is there already" for name in checks if name in line.checks]
    if problems or line is None:
        raise UsageError(*dict.fromkeys(problems))
    text = linked(checklist, line, list(dict.fromkeys((*line.checks, *checks))))
    parse_checklist(text, checklist.path)
    write_whole(path, text.encode())


def _line_problems(checklist: Checklist, gates: Gates, identifier: str) -> Iterator[str]:
    line = checklist.find(identifier)
    if line is None:
        near = did_you_mean(identifier, [listed_line.id for listed_line in checklist.lines])
        yield f"{checklist.path}: no line {identifier!r}{near or '; gonogo checklist --missing lists those to be linked'}"
        return
    where = f"{checklist.path}:{line.number}: {identifier}"
    if not line.leaf:
        below = ", ".join(
            listed_line.id for listed_line in checklist.lines if listed_line.leaf and identifier in listed_line.parents
        )
        yield f"{where} has lines below it, and takes its status from them; link one of {below}"
    if identifier in {statement for role in gates.roles.values() for statement in role.statements}:
        yield f"{where} is a statement that its role signs; link the lines that support it in gates.toml"


def _check_problems(suite: Suite, checks: Collection[str]) -> Iterator[str]:
    for name in checks:
        if name in suite.templates:
            yield f"checks={name}: stands for one check per entry of the environment file; name one of these"
        elif name not in suite.catalogue:
            yield f"checks={name}: there is no such check{did_you_mean(name, suite.order) or '; gonogo checks lists them'}"
