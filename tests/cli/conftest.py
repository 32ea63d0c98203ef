"""The command line as its users run it: a process of its own, or this one where only its words matter."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from gonogo.cli import main
from gonogo.record.results import LineStatus, Outcome
from tests.cli.kept_runs import FIRST, SECOND, keep
from tests.report.accounts import accounted, attested, line
from tests.report.conftest import check

ROOT = Path(__file__).parents[2]
Gonogo = Callable[..., subprocess.CompletedProcess[str]]

STARTS_SOMETHING = {"smoke", "load", "clean", "reference"}
"""Commands that are always a process of their own, and so is whatever names the reference environment."""
DEAD_END = """
[service]
name = "Nobody"
base_url = "https://dead.test"
without = ["dns", "http", "mongodb", "redis", "ports"]
[limits]
run = "20 s"
probe = "5 s"
[hosts."dead.test"]
addresses = ["127.0.0.1"]
https_port = 1
http_port = 1
[tls]
issuer = "X"
"""
"""An environment in which nothing listens: the fastest honest NO-GO there is."""


def called(project: Path, *arguments: str, given: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """The command line within this process: a second faster, for commands that start nothing."""
    out, err = io.StringIO(), io.StringIO()
    here, stdin = Path.cwd(), sys.stdin
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    os.chdir(project)
    sys.stdin = io.StringIO(given)
    try:
        with (
            mock.patch.dict(
                os.environ, {"GONOGO_SUPERVISED": f"-1:{os.getppid()}:", **environ}
            ),  # judged here: its words are wanted
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main(arguments)
    finally:
        sys.stdin = stdin
        os.chdir(here)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    code = ended.value.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A team's folder with one environment."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dead.toml").write_text(DEAD_END)
    return tmp_path


@pytest.fixture
def program(project: Path) -> Gonogo:
    """``program("run", "--env", "dead")`` in that folder: a process of its own, as its users start it."""

    def _program(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", "from gonogo.cli import main; main()", *arguments],
            cwd=project,
            env={**os.environ, "COLUMNS": "100", **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return _program


@pytest.fixture
def gonogo(project: Path, program: Gonogo) -> Gonogo:
    """``gonogo("run", "--env", "dead")`` in that folder: in this process where nothing is started."""

    def _gonogo(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        if arguments and arguments[0] not in STARTS_SOMETHING and "reference" not in arguments:
            return called(project, *arguments, **{"COLUMNS": "100", **environ})
        return program(*arguments, **environ)

    return _gonogo


@pytest.fixture
def two(project: Path) -> Path:
    """A project with two runs: what passed fails, and a line is attested."""
    lines = [line("b.open", LineStatus.OPEN, "nobody said"), line("x.gone")]
    after = [line("b.open", LineStatus.ATTESTED, "Ana", attested=attested(), checks=["tls-a"], supports=["b.open"])]
    keep(project, accounted([check("tls-a"), check("dns-a")], lines), FIRST)
    return keep(project, accounted([check("tls-a", Outcome.FAIL, "closed"), check("dns-a")], after), SECOND)
