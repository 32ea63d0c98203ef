"""Where whoever repairs something begins: a file of the team's, and a line of it."""

from collections.abc import Sequence

from gonogo.record.results import Results
from gonogo.report.wording import Problem, open_lines

CHECKLIST = "environments/checklist.md"
"""The team's list, from its project's folder."""
Where = tuple[str, int]
"""A file from the project's folder, and a line from 1; ``""`` where the team has no file for it, 0 for the whole file."""


def place(results: Results, problem: Problem) -> Where:
    """The check's own file or what declares its target, else the first line of the list that it keeps open."""
    check = problem.check
    return (check.file, check.line) if check.file else first_open(results, problem.reach)


def first_open(results: Results, checks: Sequence[str] | None = None) -> Where:
    """The first open line of the list that rests on one of these checks; on any, or on none, unless some are given."""
    kept = (line.number for line in open_lines(results) if checks is None or set(checks) & set(line.checks))
    number = next(kept, None)
    return (CHECKLIST, number) if number is not None else ("", 0)
