"""Output of commands about a run: its summary for people, and what GitHub Actions understands."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gonogo.record.results import Results


def show_summary(results: Results, path: str, digest: str) -> None:
    """Print the summary, as wide as the terminal is."""
    from gonogo.report.terminal import render_summary  # noqa: PLC0415 - help answers at once

    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = shutil.get_terminal_size((100, 24)).columns
    click.echo(
        render_summary(results, report_path=path, report_digest=digest, colour=colour, width=width), color=colour
    )


def tell_of_age(folder: Path, results: Results) -> None:
    """Say on standard error what makes this verdict less than it was: its validity is over, or a later run is on record."""
    from gonogo.record.archive import newer  # noqa: PLC0415 - help answers at once
    from gonogo.report.wording import verdict_words  # noqa: PLC0415
    from gonogo.verdict.endings import validity  # noqa: PLC0415

    if (ends := validity(results)).at <= datetime.now(UTC):
        click.echo(
            f"gonogo: this run was valid until {ends.words}; run again before anybody signs or launches", err=True
        )
    if latest := newer(folder, results):
        click.echo(
            f"gonogo: a newer run of gate {results.run.gate}, {latest.run.id}, is {verdict_words(latest)}: gonogo show",
            err=True,
        )


def show_asked(results: Results, path: str) -> None:
    """Print the answer of a run that was asked for some checks by name, these first."""
    from gonogo.report.terminal import render_asked  # noqa: PLC0415 - help answers at once

    click.echo(render_asked(results, path, shutil.get_terminal_size((100, 24)).columns))


def show_github(results: Results) -> None:
    """Print annotations, and add the page to the summary of the job.

    A summary that cannot be written is said, and changes no verdict: the run is over, and its exit code counts.
    """
    from gonogo.record.run_folder import SUMMARY  # noqa: PLC0415
    from gonogo.report.github import LARGEST_SUMMARY, artifact_link, render_commands  # noqa: PLC0415 - help answers at once
    from gonogo.report.summary import render_summary_page  # noqa: PLC0415

    if commands := render_commands(results, _from_checkout):
        click.echo(commands)
    target = os.environ.get("GITHUB_STEP_SUMMARY")
    if not target:
        return
    page = render_summary_page(results) + artifact_link(os.environ).encode()
    try:
        with Path(target).open("ab") as stream:
            if stream.tell() + len(page) > LARGEST_SUMMARY:
                click.echo(
                    f"gonogo: GITHUB_STEP_SUMMARY: {target} is full; the summary is in {SUMMARY} of the run", err=True
                )
                return
            stream.write(page)
    except OSError as error:
        click.echo(f"gonogo: GITHUB_STEP_SUMMARY: {target} cannot be written ({error.strerror})", err=True)


def _from_checkout(file: str) -> str:
    """A file of this project as GitHub names it, from the root of the checkout; empty for what is not in it."""
    path = Path.cwd() / file
    checkout = os.environ.get("GITHUB_WORKSPACE")
    if not path.is_file():
        return ""
    if not checkout:
        return file
    root = Path(checkout).resolve()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
