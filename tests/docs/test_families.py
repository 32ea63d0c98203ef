"""The page about families shows code that exists and runs: who follows it step by step has a family in the end."""

import re
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.families.installed import find_families
from gonogo.record.results import Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.session import results_of
from tests.docs.blocks import ROOT, blocks

PAGE = ROOT / "docs" / "writing-a-family.md"
EXAMPLE = ROOT / "packages" / "gonogo-postgresql"
NAMED = re.compile(r"# (\w+/[\w/.]+)\n")


TAKES_REDIS = """
from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import Family
from gonogo.families.redis.section import Redis

FAMILY = Family(name="queue", sections=(SectionSpec(key="redis", model=Redis),))
"""


def pieces() -> list[str]:
    """Every block of code, in the page's order."""
    return [block for language in ("python", "toml") for block in blocks(PAGE, language)]


def test_code_is_that_of_the_example() -> None:
    """A piece that drifted away from the package would not work when it is copied."""
    sources = "\n".join(path.read_text() for kind in ("py", "toml") for path in EXAMPLE.rglob(f"*.{kind}"))
    shown = [piece for piece in pieces() if not NAMED.match(piece)]
    assert len(shown) >= 8
    assert not [piece for piece in shown if piece.strip() not in sources]


def named_pieces() -> dict[str, str]:
    """Every whole file of the page, by the path that its first line says."""
    return {match[1]: piece for piece in pieces() if (match := NAMED.match(piece))}


def write_project(folder: Path) -> None:
    """Write the files of the page's second example where the page says."""
    named = {name: piece for name, piece in named_pieces().items() if not name.startswith("smoke/")}
    assert len(named) == 4
    for name, text in named.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@contextmanager
def queue(greeting: bytes) -> Iterator[int]:
    """Something that greets on a port of this machine; gives the port."""

    class Greeter(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(greeting)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Greeter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def outcome_at(folder: Path, port: int) -> Outcome:
    """What the example's check says about this port."""
    write_project(folder)
    environment = folder / "environments" / "staging.toml"
    environment.write_text(environment.read_text().replace("7000", str(port)))
    results = results_of(prepare(Request(environment="staging", project=folder), {}))
    return next(check.outcome for check in results.checks if check.id == "queue-greets")


@pytest.mark.parametrize(
    ("greeting", "outcome"), [(b"READY 1.0\n", Outcome.PASS), (b"ERR full\n", Outcome.FAIL), (b"", Outcome.FAIL)]
)
def test_family_of_a_project_is_green_and_red(tmp_path: Path, greeting: bytes, outcome: Outcome) -> None:
    """As it stands on the page, against something that really listens."""
    with queue(greeting) as port:
        assert outcome_at(tmp_path, port) == outcome


def test_refusal_is_evidence(tmp_path: Path) -> None:
    """A queue that is down is a NO-GO, and not a question that could not be asked."""
    with queue(b"") as port:
        pass
    assert outcome_at(tmp_path, port) == Outcome.FAIL


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import no_such_module", "family queue (families/queue) cannot be loaded: ModuleNotFoundError: "),
        ("FAMILY = {}", "family queue (families/queue): FAMILY is dict; a gonogo.families.kind.Family is expected"),
        (
            TAKES_REDIS,
            "(families/queue): section [redis] belongs to redis (gonogo 0.2",
        ),
    ],
)
def test_broken_family_is_named(tmp_path: Path, source: str, expected: str) -> None:
    """A family that disappears silently would leave its checks out of a GO."""
    write_project(tmp_path)
    (tmp_path / "families" / "queue" / "__init__.py").write_text(source)
    with pytest.raises(UsageError) as raised:
        find_families(tmp_path)
    assert expected in str(raised.value)


def test_broken_family_ends_a_command(tmp_path: Path) -> None:
    """Exit code 2 and one sentence, no traceback."""
    write_project(tmp_path)
    (tmp_path / "families" / "queue" / "__init__.py").write_text("import no_such_module")
    command = [sys.executable, "-m", "gonogo", "checks"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - this interpreter, and a program of our own
    assert done.returncode == 2
    assert "repair it, or uninstall it" in done.stderr
    assert "Traceback" not in done.stderr
