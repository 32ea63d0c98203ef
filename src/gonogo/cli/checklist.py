"""``gonogo checklist``: what verifies each line, and what nobody has verified yet."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.base.wording import counted
from gonogo.cli import options
from gonogo.cli.completion import check_names, line_names

if TYPE_CHECKING:
    from gonogo.cli.index import CoverageIndex, CoveredLine
    from gonogo.policy.importing import Import

_SHORTEST = 12
"""Characters of a heading that stay, however narrow the screen is."""
_PIPE = 10_000
"""Columns where there is no screen: a row that is one line can be searched."""
_COVERED = (
    "nothing: every line has a check that verifies it, or is attested. This is about the catalogue and the attestations, "
    "and not about a run: gonogo show names the lines that failed in the latest one"
)
_TO_CHANGE = "to be changed before the next run"


@click.group(invoke_without_command=True)
@options.environment("Count this environment's lines and attestations only.")
@click.option("--missing", is_flag=True, help="List what is left to do, with the role that may attest it.")
@click.pass_context
def checklist(context: click.Context, *, environment: str | None, missing: bool) -> int | None:
    """Show what verifies each line of environments/checklist.md: checks, people, or nothing."""
    if context.invoked_subcommand is not None:
        return None
    from gonogo.cli.index import coverage_index  # noqa: PLC0415 - help answers at once

    coverage = coverage_index(Path(), environment, datetime.now(UTC))
    columns = shutil.get_terminal_size((_PIPE, 24)).columns
    for row in _missing(coverage, columns) if missing else _table(coverage, columns):
        click.echo(row)
    return 0


@checklist.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--bullets/--no-bullets",
    default=None,
    help="Treat plain bullets as tasks.  [default: where there is no box at all]",
)
@click.option("--yes", is_flag=True, help="Do not ask, and link only where line and check have almost the same words.")
def import_(file: Path, *, bullets: bool | None, yes: bool) -> int:
    """Import a team's own list as environments/checklist.md: every line without an id gets one.

    Boxes in any notation (also in HTML), tables, plain bullets and headings alone become tasks; every line that is left
    out is reported. AsciiDoc (.adoc) and Org (.org) files are written as Markdown. A list that gonogo init wrote, and
    that nobody changed, is replaced.

    For lines that nothing verifies, checks with similar words are proposed, each with a score from 0 to 1. At a terminal
    you are asked for each; otherwise accept one with gonogo checklist link.
    """
    from gonogo.base.whole_files import write_whole  # noqa: PLC0415
    from gonogo.planning.gate_demands import LIST  # noqa: PLC0415
    from gonogo.policy.checklist import read_text  # noqa: PLC0415 - help answers at once
    from gonogo.policy.importing import imported, told  # noqa: PLC0415

    made = imported(read_text(file), str(file), bullets=bullets)
    target = Path("environments") / LIST
    gave_way = target.is_file() and target.resolve() != file.resolve() and _gives_way(target, made, file)
    write_whole(target, made.text.encode())
    for line in told(made):
        click.echo(line)
    click.echo(f"{target}: {made.lines} lines, {made.named} of them with a new id")
    unfit = list(_fitted(gave_way=gave_way))
    for line in unfit:
        click.echo(line)
    if not any(line.startswith(_TO_CHANGE) for line in unfit):
        _propose(asking=not yes and sys.stdin.isatty(), yes=yes)
    return 0


@checklist.command("link")
@click.argument("line", shell_complete=line_names)
@click.argument("checks", nargs=-1, required=True, metavar="CHECK…", shell_complete=check_names)
def link_(line: str, checks: tuple[str, ...]) -> int:
    """Declare that these checks prove a line: writes them into its comment in environments/checklist.md."""
    from gonogo.planning.linking import link  # noqa: PLC0415 - help answers at once
    from gonogo.planning.suite import project_suite  # noqa: PLC0415

    link(Path(), line, checks, project_suite(Path()))
    click.echo(f"environments/checklist.md: {line} is proved by {', '.join(checks)}")
    return 0


def _propose(*, asking: bool, yes: bool) -> None:
    """Tell, for each line that nothing proves, the checks that may, and link those that a person says yes to."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.planning.gate_demands import read_list  # noqa: PLC0415 - help answers at once
    from gonogo.planning.linking import link  # noqa: PLC0415
    from gonogo.planning.proposing import BEYOND_DOUBT, proposals  # noqa: PLC0415
    from gonogo.planning.suite import project_suite  # noqa: PLC0415

    try:
        suite = project_suite(Path())
    except UsageError as error:
        for problem in error.problems:
            click.echo(f"{_TO_CHANGE}: {problem}")
        return
    checklist, gates = read_list(Path())
    signed = {statement for role in gates.roles.values() for statement in role.statements}
    for likely in proposals([line for line in checklist.lines if line.id not in signed], suite):
        for proposal in likely:
            click.echo(f"proposed: {proposal.shown}")
            wanted = click.confirm("  Does it prove the line?", default=False) if asking else False
            if wanted or (yes and proposal.score >= BEYOND_DOUBT):
                link(Path(), proposal.line.id, [proposal.check], suite)
                click.echo(f"  linked: {proposal.line.id} checks={proposal.check}")
                break
        else:
            if not asking:
                click.echo(f"  if so: gonogo checklist link {likely[0].line.id} {likely[0].check}")


def _gives_way(target: Path, made: Import, file: Path) -> bool:
    """Whether the list that is there is init's own. Raises UsageError when lines of a team's list would vanish."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.policy.checklist import parse_checklist, read_text, surveyed  # noqa: PLC0415
    from gonogo.starting.own_files import is_untouched  # noqa: PLC0415

    present = read_text(target)
    if is_untouched(present, "checklist.md"):
        return True
    kept = {line.id for line in parse_checklist(made.text, str(file)).lines}
    lost = [line for line in surveyed(present, str(target))[0].lines if line.id and line.id not in kept]
    if lost:
        raise UsageError(
            *(
                f"{target}:{line.number}: {line.id} would vanish; keep its comment in {file}, or delete it here first"
                for line in lost
            )
        )
    return False


def _fitted(*, gave_way: bool) -> Iterator[str]:
    """Say what had to change beside the list, and what does not fit it any more."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once
    from gonogo.base.whole_files import write_whole  # noqa: PLC0415
    from gonogo.environment.names import declared  # noqa: PLC0415
    from gonogo.planning.gate_demands import read_list, refuse_contradictions  # noqa: PLC0415
    from gonogo.starting.own_files import catalogue_for_any_list, gates_for_any_list, is_untouched  # noqa: PLC0415

    gates, catalogue = Path("environments/gates.toml"), Path("checks/catalogue.toml")
    if gave_way and gates.is_file() and is_untouched(text := gates.read_text(encoding="utf-8"), "gates.toml"):
        write_whole(gates, gates_for_any_list(text).encode())
        yield f"{gates}: one gate over the whole list now; name sections and statements of your own there"
    if (
        gave_way
        and catalogue.is_file()
        and is_untouched(text := catalogue.read_text(encoding="utf-8"), "catalogue.toml")
    ):
        write_whole(catalogue, catalogue_for_any_list(text).encode())
        yield f"{catalogue}: own-unknown-page proves no line now; write the id of one into proves"
    try:
        read_list(Path())
        refuse_contradictions(Path(), declared(Path()))
    except UsageError as error:
        yield from (f"{_TO_CHANGE}: {problem}" for problem in error.problems)


def _table(coverage: CoverageIndex, screen: int) -> Iterator[str]:
    """One row for each heading, which is cut where the numbers would not fit beside it."""
    columns = {"automatic": coverage.automatic, "attested": coverage.attested, "nothing": coverage.missing}
    if coverage.carried:
        columns["carried"] = frozenset(coverage.carried)
    numbers = sum(len(name) + 2 for name in ("lines", *columns))
    width = min(max(len(section) for section in coverage.sections), max(screen - numbers, _SHORTEST))
    yield f"{'':<{width}}  lines  " + "  ".join(columns)
    totals = [0] * (1 + len(columns))
    for section, lines in coverage.sections.items():
        row = [len(lines), *(sum(line.id in ids for line in lines) for ids in columns.values())]
        totals = [total + number for total, number in zip(totals, row, strict=True)]
        yield _row(section, width, columns, row)
    yield _row("all", width, columns, totals)
    yield from textwrap.wrap("Lines that need both a check and a person count in both columns.", screen)
    if coverage.statements:
        number, them = counted(coverage.statements, "statement"), "it" if coverage.statements == 1 else "them"
        note = f"Not counted: {number} that roles sign; a run counts {them} too, by the lines that stand below {them}."
        yield from textwrap.wrap(note, screen)
    yield from _carried(coverage)


def _row(name: str, width: int, columns: Iterable[str], numbers: list[int]) -> str:
    cells = [f"{number:>{len(column)}}" for column, number in zip(("lines", *columns), numbers, strict=True)]
    shown = name if len(name) <= width else f"{name[: width - 1]}…"
    return "  ".join([f"{shown:<{width}}", *cells])


def _missing(coverage: CoverageIndex, screen: int) -> Iterator[str]:
    """What is left to do, each line with who may attest it; broken, and not cut, where the screen is narrow."""
    for section, lines in coverage.sections.items():
        for line in lines:
            if line.id in coverage.missing:
                row = f"{line.id:<34} {_who(line, coverage):<26} {line.text}   ({section})"
                yield from textwrap.wrap(row, screen, subsequent_indent="    ", break_on_hyphens=False)
    if not coverage.missing:
        yield from textwrap.wrap(_COVERED, screen)
    yield from _carried(coverage)


def _carried(coverage: CoverageIndex) -> Iterator[str]:
    """Return what other runs answer: nobody needs to attest it here, and somebody has to carry the run."""
    counts = Counter(coverage.carried.values())
    for (environment, gate), count in counts.items():
        lines = "1 line is" if count == 1 else f"{count} lines are"
        yield (
            f"{lines} answered by a run of {environment} at gate {gate}, which is carried: gonogo run --carry RUN; "
            f"what that run needs: gonogo checklist --missing --env {environment}"
        )


def _who(line: CoveredLine, coverage: CoverageIndex) -> str:
    return " or ".join(line.attest or coverage.roles) or "a check, or anybody"
