"""``gonogo open``: the page of a run, in a browser where there is one, and never of a run that was edited."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Gonogo
from tests.cli.kept_runs import SECOND


def test_open_prints_the_page_of_the_newest_run(gonogo: Gonogo, two: Path) -> None:
    """With its signatures where it was sealed; written again by gonogo report where it is gone."""
    missing = gonogo("open")
    assert missing.returncode == 2
    assert f"write it again with: gonogo report reports/staging/{SECOND}" in missing.stderr
    (two / "signoff.html").write_text("<p>page</p>")
    assert gonogo("open").stdout == f"reports/staging/{SECOND}/signoff.html\n"
    (two / "sealed.html").write_text("<p>sealed</p>")
    assert gonogo("open", SECOND[:13]).stdout == f"reports/staging/{SECOND}/sealed.html\n"


def test_open_shows_no_page_of_a_run_that_was_edited(gonogo: Gonogo, two: Path) -> None:
    """Somebody would sign what they see."""
    (two / "signoff.html").write_text("<p>page</p>")
    results = (two / "results.json").read_text()
    (two / "results.json").write_text(results.replace('"verdict":"NO-GO"', '"verdict":"GO"'))
    done = gonogo("open")
    assert (done.returncode, done.stdout) == (4, "")


@pytest.mark.parametrize(
    ("environ", "opened"), [({}, True), ({"CI": "true"}, False), ({"DISPLAY": "", "BROWSER": ""}, False)]
)
def test_open_starts_the_browser_at_a_terminal(
    two: Path, tmp_path: Path, *, environ: dict[str, str], opened: bool
) -> None:
    """A real terminal, and a program in the browser's place; in CI and without a screen nothing is started."""
    (two / "signoff.html").write_text("<p>page</p>")
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {seen}.partial && mv {seen}.partial {seen}\n')
    browser.chmod(0o755)
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in {"CI", "DISPLAY", "WAYLAND_DISPLAY"}}
    program = [sys.executable, "-c", "from gonogo.cli import main; main()", "open"]
    with os.fdopen(ours, "rb", buffering=0), os.fdopen(theirs, "wb", buffering=0) as terminal:
        done = subprocess.run(  # noqa: S603 - our own program
            program,
            cwd=two.parents[2],
            env={**inherited, "BROWSER": str(browser), **environ},
            stdout=terminal,
            check=False,
        )
    assert done.returncode == 0
    assert seen.exists() is opened
    if opened:
        assert seen.read_text().strip() == (two / "signoff.html").resolve().as_uri()
