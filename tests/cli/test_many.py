"""A run in which more than a hundred checks are blocked, as each command that prints a run shows it on a small screen."""

import fcntl
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.cli.conftest import DEAD_END, ROOT, called

MANY = 120
COLUMNS = 60
_CHECK = '''
@pytest.mark.check("own-{number}")
def test_own_{number}(tls: TlsEvidence) -> None:
    """One of many.

    Fix: nothing.
    """
    assert tls.version
'''
_LINE = '[own-{number}]\ntitle = "One of many"\nseverity = "blocker"\nneeds = ["tls-handshake"]\n'


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two runs: before it had checks of its own, and with them, all blocked by one dead port."""
    project = tmp_path_factory.mktemp("many")
    (project / "environments").mkdir()
    (project / "environments" / "dead.toml").write_text(DEAD_END)
    called(project, "run", "--env", "dead")
    (project / "checks").mkdir()
    head = '"""Many."""\n\nimport pytest\n\nfrom gonogo.evidence.tls import TlsEvidence\n'
    functions = "".join(_CHECK.format(number=number) for number in range(MANY))
    (project / "checks" / "test_own.py").write_text(head + functions)
    (project / "checks" / "catalogue.toml").write_text("\n".join(_LINE.format(number=number) for number in range(MANY)))
    called(project, "run", "--env", "dead")
    return project


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--env", "dead"),
        ("run", "--env", "dead", "--format", "github"),
        ("show",),
        ("show", "latest"),
        ("replay", "reports/dead/latest"),
    ],
    ids=" ".join,
)
def test_verdict_first_and_three_of_the_ids(team: Path, arguments: tuple[str, ...]) -> None:
    """In a pipe of 60 columns: verdict, cause, and how many wait for it, all within the first screen."""
    done = called(team, *arguments, COLUMNS=str(COLUMNS))
    rows = done.stdout.splitlines()
    assert rows[0].startswith(" ✖ NO-GO"), done.stderr
    flat = " ".join(" ".join(rows[:24]).split())
    assert "✖ tls-handshake dead.test at 127.0.0.1:1: closed port" in flat
    assert re.search(r" blocks 1\d\d other checks: \S+, \S+, \S+ and 1\d\d more → gonogo run --env dead", flat)
    assert done.stdout.count("own-") < 20
    assert "\x1b" not in done.stdout


def test_verify_and_diff_begin_with_the_verdict(team: Path) -> None:
    """Verify lists no check at all; diff says both verdicts and how many of each kind before any id."""
    verified = called(team, "verify", "reports/dead/latest", "--env", "dead", COLUMNS=str(COLUMNS))
    assert verified.stdout.splitlines()[-1] == " NO-GO", verified.stderr
    assert "own-" not in verified.stdout
    rows = called(team, "diff", COLUMNS=str(COLUMNS)).stdout.splitlines()
    assert "NO-GO" in rows[1]
    assert "NO-GO" in rows[3]
    assert re.fullmatch(r"(?:no change: .*|[A-Z ]+ \d+)", rows[4])


def test_the_checklist_fits_as_well() -> None:
    """Long headings are cut, and long rows broken, only where the screen is narrow: a pipe gets whole rows."""
    for arguments in ((), ("--missing",)):
        narrow, wide, piped = (
            called(ROOT, "checklist", "--env", "reference", *arguments, COLUMNS=width).stdout
            for width in (str(COLUMNS), "500", "")
        )
        assert max(map(len, narrow.splitlines())) <= COLUMNS
        assert max(map(len, wide.splitlines())) > COLUMNS
        assert piped == wide


@pytest.mark.parametrize(("colours", "terminal"), [({}, "xterm"), ({"NO_COLOR": "1"}, "xterm"), ({}, "dumb")])
def test_on_a_terminal(team: Path, colours: dict[str, str], terminal: str) -> None:
    """As wide as it says it is, coloured only where it may be, and nothing on it wider but what is copied."""
    primary, secondary = os.openpty()
    fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "gonogo", "show"],
        cwd=team,
        stdout=secondary,
        stderr=subprocess.PIPE,
        env={**environ, "TERM": terminal, **colours},
    )
    os.close(secondary)
    with process, os.fdopen(primary, "rb", buffering=0) as screen:
        text = _all(screen.fileno()).decode()
    coloured = not colours and terminal != "dumb"
    assert ("\x1b[1;31m ✖ NO-GO" in text) is coloured
    rows = text.replace("\x1b[1;31m", "").replace("\x1b[0m", "").splitlines()
    assert "\x1b" not in "".join(rows)
    assert not [row for row in rows if len(row) > COLUMNS and not row.startswith(("   → ", " report  "))]


def _all(descriptor: int) -> bytes:
    """Everything until the other end is closed, which Linux reports as an error."""
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)
