"""Annotations of GitHub Actions beside a change: at most ten workflow commands, worst first. The rest is in the summary."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from gonogo.base.wording import and_more, counted
from gonogo.record.results import Outcome, Results
from gonogo.report.blockers import blockers
from gonogo.report.markdown import bounded
from gonogo.report.meaning import meaning
from gonogo.report.places import Where, first_open, place
from gonogo.report.wording import Problem, beside_causes, carried_runs, open_lines, owner, waiver_terms, word
from gonogo.verdict.undone import undone_words

MOST = 10
"""Annotations of either kind that GitHub shows per step; it drops the rest."""
LARGEST_SUMMARY = 1024 * 1024
"""Bytes of a step's summary; GitHub refuses the whole of a longer one."""
_NAMES = 5
_ADDRESS = re.compile(r"https://[\w.-]+(:\d+)?", re.ASCII)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_JOB = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


Known = Callable[[str], str]
"""From a file of the project to its path from the root of the checkout, as GitHub names it; empty: it is not there."""


def render_commands(results: Results, known: Known = str) -> str:
    """Whole lines for standard output, none without a problem; no newline at the end."""
    commands = [*_errors(results, known), *_warnings(results, known)]
    if len(commands) > MOST:
        left = len(commands) - MOST + 1
        commands = [
            *commands[: MOST - 1],
            _command("warning", "gonogo", f"and {left} more: see the summary of this job"),
        ]
    return "\n".join(commands)


def artifact_link(environ: Mapping[str, str]) -> str:
    """A line of Markdown with the place of the job's artifacts, empty where no job is told of; by GitHub's variables."""
    server, repository, run = (environ.get(name, "") for name in _JOB)
    if not (_ADDRESS.fullmatch(server) and _REPOSITORY.fullmatch(repository) and run.isdecimal()):
        return ""
    return f"\n[The page and all files of the run]({server}/{repository}/actions/runs/{run}#artifacts), where the job keeps them\n"


def _errors(results: Results, known: Known) -> Iterator[str]:
    """Commands for everything that keeps the verdict from GO, in the order in which every format tells it."""
    for cause in blockers(results).causes:
        yield _told("error", cause.problem, results, known, meaning(results, cause))
    if lines := open_lines(results):
        names = and_more([line.id for line in lines], _NAMES)
        yield _command("error", "checklist", f"{undone_words(lines)}: {names}", _placed(first_open(results), known))


def _warnings(results: Results, known: Known) -> Iterator[str]:
    for problem in beside_causes(results, [Outcome.FAIL, Outcome.ERROR, Outcome.WARN]):
        yield _told("warning", problem, results, known)
    yield from _grouped(beside_causes(results, [Outcome.NOT_RUN]), results, known)
    for run, words in zip(results.carried, carried_runs(results), strict=True):
        yield _command("warning" if run.problem else "notice", f"carried {run.id}", bounded(words))
    for exception in results.exceptions:
        terms = f"{waiver_terms(results, exception)}, owner {exception.owner}: {exception.reason}"
        yield _command("warning", f"waiver {exception.check}", bounded(terms))


def _grouped(unreached: Sequence[Problem], results: Results, known: Known) -> Iterator[str]:
    """Forty checks that were not reached are one annotation."""
    if unreached:
        ids = [problem.check.id for problem in unreached]
        why = bounded(unreached[0].observation.message)
        told = f"{counted(len(ids), 'check')}: {and_more(ids, _NAMES)}\nthe first: {why}"
        yield _command("warning", "NOT RUN", told, _placed(place(results, unreached[0]), known))


def _told(kind: str, problem: Problem, results: Results, known: Known, means: str = "") -> str:
    check, observation = problem.check, problem.observation
    parts = [
        *([bounded(means)] if means else []),
        f"{word(check.outcome)}: {bounded(observation.message)}",
        *([f"fix: {bounded(problem.fix)}"] if problem.fix else []),
    ]
    if who := owner(results, check):
        parts.append(f"who acts: {bounded(who)}")
    if problem.alike:
        parts.append(f"shows as well in {len(problem.alike)}: {and_more(problem.alike, _NAMES)}")
    if problem.consequences:
        parts.append(f"blocks {len(problem.consequences)}: {and_more(problem.consequences, _NAMES)}")
    return _command(kind, check.id, "\n".join(parts), _placed(place(results, problem), known))


def _placed(where: Where, known: Known) -> Mapping[str, str]:
    """The properties that show an annotation at its line of the change; none for a file that GitHub does not have."""
    file, line = where
    path = known(file) if file else ""
    return {"file": path, **({"line": str(line)} if line else {})} if path else {}


def _command(kind: str, title: str, message: str, properties: Mapping[str, str] | None = None) -> str:
    """Write a workflow command, escaped: a target must not end it and begin another."""
    told = ",".join(f"{name}={_property(value)}" for name, value in {**(properties or {}), "title": title}.items())
    return f"::{kind} {told}::{_data(message)}"


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
