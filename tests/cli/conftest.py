"""The command line as its users run it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Gonogo = Callable[..., subprocess.CompletedProcess[str]]

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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A team's folder with one environment."""
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dead.toml").write_text(DEAD_END)
    return tmp_path


@pytest.fixture
def gonogo(project: Path) -> Gonogo:
    """``gonogo("run", "--env", "dead")`` in that folder."""

    def _gonogo(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", "from gonogo.cli import main; main()", *arguments],
            cwd=project,
            env={**os.environ, "COLUMNS": "100", **environ},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return _gonogo
