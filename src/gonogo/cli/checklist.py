"""``gonogo checklist``: what verifies each line, and what nobody has verified yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.cli import options

if TYPE_CHECKING:
    from gonogo.planning.coverage import Coverage
    from gonogo.policy.checklist import ChecklistLine


@click.group(invoke_without_command=True)
@options.environment("Count this environment's lines and attestations only.")
@click.option("--missing", is_flag=True, help="List what is left to do, with the role that may attest it.")
@click.pass_context
def checklist(context: click.Context, *, environment: str | None, missing: bool) -> int | None:
    """Show what verifies each line of environments/checklist.md: checks, people, or nothing."""
    if context.invoked_subcommand is not None:
        return None
    from gonogo.planning.coverage import read_coverage  # noqa: PLC0415 - help answers at once

    coverage = read_coverage(Path(), environment, datetime.now(UTC))
    for said in _missing(coverage) if missing else _table(coverage):
        click.echo(said)
    return 0


@checklist.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> int:
    """Take over a team's own list as environments/checklist.md: every line gets an id, and keeps the one it has."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415
    from gonogo.planning.demands import LIST  # noqa: PLC0415
    from gonogo.policy.checklist import identified, parse_checklist, read_text  # noqa: PLC0415 - help answers at once

    parsed = parse_checklist(read_text(file), str(file))
    if not parsed.lines:
        raise UsageError(f"{file}: no line has a box; write tasks as in '- [ ] Certificate validity verified'")
    target = Path("environments") / LIST
    kept = {line.id for line in parsed.lines}
    if target.is_file() and target.resolve() != file.resolve():
        old = parse_checklist(read_text(target), str(target))
        gone = [line for line in old.lines if line.id and line.id not in kept]
        if gone:
            raise UsageError(
                *(
                    f"{target}:{line.number}: {line.id} would vanish; keep its comment in {file}, or delete it here first"
                    for line in gone
                )
            )
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(identified(parsed).encode())
    new = sum(not line.id for line in parsed.lines)
    click.echo(f"{target}: {len(parsed.lines)} lines, {new} of them with a new id")
    return 0


def _table(coverage: Coverage) -> Iterator[str]:
    width = max(len(section) for section in coverage.sections)
    yield f"{'':<{width}}  lines  automatic  attested  nothing"
    totals = [0, 0, 0, 0]
    for section, lines in coverage.sections.items():
        automatic = sum(line.id in coverage.automatic for line in lines)
        attested = sum(line.id in coverage.attested for line in lines)
        nothing = sum(line.id in coverage.missing for line in lines)
        row = [len(lines), automatic, attested, nothing]
        totals = [total + one for total, one in zip(totals, row, strict=True)]
        yield _row(section, width, row)
    yield _row("all", width, totals)
    yield "Lines that need both a check and a person count in both columns."


def _row(name: str, width: int, numbers: list[int]) -> str:
    lines, automatic, attested, nothing = numbers
    return f"{name:<{width}}  {lines:>5}  {automatic:>9}  {attested:>8}  {nothing:>7}"


def _missing(coverage: Coverage) -> Iterator[str]:
    for section, lines in coverage.sections.items():
        for line in lines:
            if line.id in coverage.missing:
                yield f"{line.id:<34} {_who(line, coverage):<26} {line.text}   ({section})"
    if not coverage.missing:
        yield "nothing: every line is verified by a check, or attested"


def _who(line: ChecklistLine, coverage: Coverage) -> str:
    return " or ".join(line.attest or coverage.roles) or "a check, or anybody"
