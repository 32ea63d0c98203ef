"""``gonogo runs``, ``gonogo show``, ``gonogo open``, ``gonogo diff``: what was found before, without looking for files."""

from __future__ import annotations

import os
import sys
import webbrowser
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gonogo.base.wording import closest, nearest_or_all
from gonogo.cli import options
from gonogo.cli.completion import check_and_line_names, gate_names, run_names
from gonogo.record.run_folder import LATEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gonogo.cli.index import IndexedRun
    from gonogo.record.results import Results

_SENTENCE = 2
_REPORTS = click.option(
    "--reports", type=click.Path(path_type=Path), default="reports", show_default=True, help="Where runs are kept."
)


@click.command("runs")
@options.environment("Only runs of this environment.")
@click.option("--gate", shell_complete=gate_names, help="Only runs of this gate.")
@click.option(
    "--verdict",
    type=options.Choice(["go", "no-go", "incomplete"]),
    help="Only runs with this verdict; GO WITH EXCEPTIONS counts as go.",
)
@_REPORTS
def list_runs(*, environment: str | None, gate: str | None, verdict: str | None, reports: Path) -> int:
    """List all runs, the newest first: id, age, environment, verdict, gate, release, totals.

    Exits 4 if the record of a run does not hold.
    """
    from gonogo.base.errors import IntegrityError, UsageError  # noqa: PLC0415
    from gonogo.cli.index import run_index  # noqa: PLC0415
    from gonogo.record.archive import folders  # noqa: PLC0415 - help answers at once

    refused = 0
    chosen = [folder for place in _places(environment, reports) for folder in folders(place)]
    rows: list[Sequence[str]] = []
    gates = set[str]()
    now = datetime.now(UTC)
    for folder, run in run_index(reports, sorted(chosen, key=lambda path: path.name, reverse=True), _read):
        if isinstance(run, IntegrityError):
            refused += 1
            rows.append([folder.name, f"cannot be relied on: {run}"])
        elif isinstance(run, UsageError):
            rows.append([folder.name, f"cannot be read: {run}"])
        else:
            gates.add(run.gate)
            if gate in {None, run.gate} and verdict in {None, run.verdict}:
                rows.append([run.id, _age(now - datetime.fromisoformat(run.started_at)), *run.columns])
    if gate is not None and gate not in gates and not refused:
        raise UsageError(f"--gate: no run of gate {gate!r}{nearest_or_all(gate, sorted(gates))}")
    for row in _aligned(rows):
        click.echo(row)
    if refused:
        raise IntegrityError(f"{refused} of {len(chosen)} runs cannot be relied on")
    return 0


@click.command()
@click.argument("run", metavar="[RUN]", default=LATEST, shell_complete=run_names)
@click.argument("subject", metavar="[CHECK|LINE]", required=False, shell_complete=check_and_line_names)
@click.option(
    "--facts", is_flag=True, help="Of a check also all facts that it judged, why it matters, and what it proves."
)
@_REPORTS
def show(*, run: str, subject: str | None, facts: bool, reports: Path) -> int:
    """Show a run's verdict; or one check; or one line of the checklist with its support.

    Of a check: how it ended and where, the fix, who acts, what was observed and wanted, and since when it is so.

    RUN is a folder such as reports/staging/latest, or the id of a run, or the beginning of an id. The default is the
    newest run of a whole gate (runs of single checks, made with --only, must be named).
    """
    from gonogo.cli.output import show_summary, tell_of_age  # noqa: PLC0415
    from gonogo.record.archive import NAME  # noqa: PLC0415 - help answers at once
    from gonogo.report.detail import render_check, render_line  # noqa: PLC0415

    folder, results, subject = _shown(run, subject, reports)
    if subject is None:
        show_summary(results, str(folder), "")
        tell_of_age(folder, results)
        return 0
    checks = {check.id: check for check in results.checks}
    lines = {line.id: line for line in results.lines}
    if subject not in checks.keys() | lines.keys():
        raise _unknown(subject, [*checks, *lines], folder / NAME)
    if subject in checks:
        click.echo(render_check(results, checks[subject], whole=facts))
    if subject in lines:
        click.echo(render_line(results, lines[subject]))
    return 0


def _shown(run: str, subject: str | None, reports: Path) -> tuple[Path, Results, str | None]:
    """The run, and what is shown of it; a check or a line without a run is one of the newest. Raises UsageError."""
    from gonogo.base.errors import IntegrityError, UsageError  # noqa: PLC0415
    from gonogo.record.archive import find_run  # noqa: PLC0415 - help answers at once
    from gonogo.runs.belonging import read_belonging  # noqa: PLC0415

    try:
        folder = find_run(run, reports)
    except UsageError as error:
        try:
            newest = find_run(LATEST, reports)
            results = read_belonging(newest)
        except (UsageError, IntegrityError):
            raise error from None
        ids = [*(check.id for check in results.checks), *(line.id for line in results.lines)]
        near = closest(run, ids)
        if subject is not None or near is None:
            raise
        if run in ids:
            return newest, results, run
        raise UsageError(f"{run}: no run, and neither a check nor a line of {newest}; did you mean {near}?") from None
    return folder, read_belonging(folder), subject


@click.command("open")
@click.argument("run", metavar="[RUN]", default=LATEST, shell_complete=run_names)
@_REPORTS
def open_page(*, run: str, reports: Path) -> int:
    """Open a run's page in the browser, and print its path. The default is the newest run of a whole gate.

    A sealed run is shown with its signatures. Without a browser, as on a server, only the path is printed.
    """
    from gonogo.base.errors import UsageError  # noqa: PLC0415
    from gonogo.record.archive import find_run  # noqa: PLC0415 - help answers at once
    from gonogo.record.run_folder import SEALED, SIGNOFF  # noqa: PLC0415
    from gonogo.runs.belonging import read_belonging  # noqa: PLC0415

    folder = find_run(run, reports)
    read_belonging(folder)  # a page is shown only beside results that it can be of
    page = next((path for name in (SEALED, SIGNOFF) if (path := folder / name).is_file()), None)
    if page is None:
        raise UsageError(f"{folder / SIGNOFF}: no such file; write it again with: gonogo report {folder}")
    click.echo(page)
    if _has_browser():
        webbrowser.open(page.resolve().as_uri())
    return 0


def _has_browser() -> bool:
    """Whether somebody sits in front of a screen: in a pipe, in CI and over SSH nobody does."""
    shown = sys.platform in {"darwin", "win32"} or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")))
    return shown and sys.stdout.isatty() and not os.environ.get("CI")


@click.command()
@click.argument("names", metavar="[BEFORE AFTER]", nargs=-1, shell_complete=run_names)
@options.environment("Compare the two newest runs of this environment.")
@_REPORTS
def diff(*, names: Sequence[str], environment: str | None, reports: Path) -> int:
    """Print what changed from one run to another. Exits 0, whatever changed, and 2 if there is nothing to compare.

    Without BEFORE and AFTER it compares the newest run of the environment with the last one of the same gate; without
    --env, in the environment that was verified last.
    """
    from gonogo.base.errors import UsageError  # noqa: PLC0415
    from gonogo.record.archive import NAME, find_run  # noqa: PLC0415 - help answers at once
    from gonogo.record.history import changes  # noqa: PLC0415
    from gonogo.report.changes import render_changes  # noqa: PLC0415
    from gonogo.runs.belonging import read_belonging  # noqa: PLC0415

    if len(names) not in {0, 2}:
        raise click.UsageError("give two runs, the earlier one first, or none")
    if names and environment:
        raise click.UsageError("give two runs, or --env; not both")
    if names:
        paths = [find_run(name, reports) / NAME for name in names]
        before, after = (read_belonging(path.parent) for path in paths)
        if before.run.service != after.run.service:
            raise UsageError(
                f"{paths[1]}: is of the service {after.run.service!r}, but {paths[0]} of {before.run.service!r}; "
                "compare runs of one service"
            )
    else:
        before, after = _two_newest(environment, reports)
    click.echo(render_changes(before, after, changes(before, after)))
    return 0


def _two_newest(environment: str | None, reports: Path) -> tuple[Results, Results]:
    """The newest run of an environment, and the last one before it that asked the same. Raises UsageError."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415
    from gonogo.record.archive import earlier, folders  # noqa: PLC0415 - help answers at once
    from gonogo.runs.belonging import read_belonging  # noqa: PLC0415

    place = max(_places(environment, reports), key=lambda place: max((run.name for run in folders(place)), default=""))
    runs = folders(place)
    if not runs:
        raise UsageError(f"{place}: no run there yet; make one: gonogo run --env {place.name}")
    after = read_belonging(runs[0])
    recorded_before = earlier(after, place) or earlier(after, place, narrowed=True)
    before = [read_belonging(place / past.run.id) for past in recorded_before if not past.run.interrupted][:1]
    if not before:
        raise UsageError(
            f"{runs[0]}: no earlier run of gate {after.run.gate} to compare with; give two runs: gonogo diff BEFORE AFTER"
        )
    return before[0], after


def _places(environment: str | None, reports: Path) -> Sequence[Path]:
    """The folder of the environment, or of all. Raises UsageError when there is none."""
    from gonogo.base.errors import UsageError  # noqa: PLC0415
    from gonogo.record.archive import environments  # noqa: PLC0415 - help answers at once

    places = environments(reports)
    if not places:
        raise UsageError(f"{reports}: no runs there; make one with gonogo run, or say where they are with --reports")
    if environment is None:
        return places
    chosen = [place for place in places if place.name == environment]
    if not chosen:
        available = ", ".join(place.name for place in places)
        raise UsageError(f"--env: no runs of {environment!r} under {reports}; there are runs of {available}")
    return chosen


def _read(folder: Path) -> IndexedRun:
    """The row of a run. Raises UsageError or IntegrityError where it is none."""
    from gonogo.cli.index import IndexedRun  # noqa: PLC0415
    from gonogo.record.results import sum_line  # noqa: PLC0415
    from gonogo.report.visible import visible  # noqa: PLC0415 - help answers at once
    from gonogo.report.wording import VERDICT_SHAPES, asked_share  # noqa: PLC0415
    from gonogo.runs.belonging import read_belonging  # noqa: PLC0415

    results = read_belonging(folder)
    run, verdict = results.run, results.decision.verdict
    flags = {
        "rehearsal": bool(results.faults),
        "did not finish": not run.finished,
        "interrupted": run.interrupted,
        "limited": run.narrowed,
    }
    columns = [run.environment, f"{VERDICT_SHAPES[verdict]} {verdict}", run.gate]
    columns += [visible(results.release_words or "no release"), sum_line(results.counts), asked_share(results)]
    return IndexedRun(
        id=visible(run.id),
        started_at=run.started_at.isoformat(),
        gate=run.gate,
        verdict="go" if verdict.opens else verdict.value.casefold(),
        columns=[*columns, *(name for name, holds in flags.items() if holds)],
    )


def _age(passed: timedelta) -> str:
    """``5 min``, ``3 h``, ``12 d``: what tells yesterday's run from today's."""
    minutes = int(passed.total_seconds()) // 60
    for size, unit in ((24 * 60, "d"), (60, "h")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit} ago"
    return f"{max(minutes, 0)} min ago"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows of a table, two spaces between its columns; a row of two columns is a sentence after its name."""
    from gonogo.report.visible import harmless  # noqa: PLC0415 - help answers at once

    tabular = [row for row in rows if len(row) > _SENTENCE]
    widths = [max(map(len, column)) for column in zip_longest(*tabular, fillvalue="")]
    return [
        harmless("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip())
        if len(row) > _SENTENCE
        else harmless("  ".join(row))
        for row in rows
    ]


def _unknown(subject: str, candidates: Sequence[str], path: Path) -> Exception:
    from gonogo.base.errors import UsageError  # noqa: PLC0415 - help answers at once

    near = closest(subject, candidates)
    cure = f"did you mean {near}?" if near else "gonogo checks and gonogo checklist list what there is"
    return UsageError(f"{path}: neither a check nor a line {subject!r} in this run; {cure}")
