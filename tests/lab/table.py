"""The table of ``make lab``: a row for each shape, with the real servers that made it, what was expected, what was found.

Whoever starts a server says so with ``serving``, whoever judges with ``found``; the fixture of the laboratory collects.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path

KEY = "laboratory"
_RELEASE = re.compile(r"\d+\.\d+[\w.+~-]*")
_ANSWERS_WITHIN_SECONDS = 10
_LONGEST = 110


@dataclass(slots=True)
class Row:
    """One test, as it runs."""

    servers: dict[str, None] = field(default_factory=dict)
    """Program and version, in the order of their start."""
    expected: str = ""
    found: str = ""

    def told(self) -> Mapping[str, str]:
        """For the report, across processes."""
        return {"servers": ", ".join(self.servers) or "-", "expected": self.expected, "found": self.found}


_running: dict[str, int] = {}
_rows: list[Row] = []


@contextmanager
def collecting() -> Iterator[Row]:
    """The row of one test; servers that run already, for all tests of a module, are among its own."""
    row = Row(servers=dict.fromkeys(server for server, count in _running.items() if count))
    _rows.append(row)
    try:
        yield row
    finally:
        _rows.remove(row)


@contextmanager
def serving(program: str) -> Iterator[None]:
    """While the program of this path, or distribution of this name, serves."""
    server = _named(program)
    _running[server] = _running.get(server, 0) + 1
    for row in _rows:
        row.servers[server] = None
    try:
        yield
    finally:
        _running[server] -= 1


def expecting(expected: object) -> None:
    """Say what must come of it, where no parameter of the test says so."""
    for row in _rows:
        row.expected = " ".join(str(expected).split())[:_LONGEST]


def found(verdicts: Mapping[str, str]) -> None:
    """The verdicts on a shape: checks that did not pass, with their messages; none is all green."""
    for row in _rows:
        row.found = _short(verdicts)


def _short(verdicts: Mapping[str, str]) -> str:
    blind = [check for check, message in verdicts.items() if message.startswith("ERROR")]
    red = [check for check in verdicts if check not in blind]
    unseen = f"ERROR {', '.join(blind)}" if blind else ""
    return " · ".join(filter(None, (", ".join(red), unseen))) or "all green"


@cache
def _named(program: str) -> str:
    """Program and version: of its distribution, of Debian's package, or as it says itself."""
    name = Path(program).name
    try:
        return f"{name} {metadata.version(program)}"
    except metadata.PackageNotFoundError:
        pass
    package = _said("dpkg-query", "--search", str(Path(program).resolve())).partition(":")[0]
    version = _said("dpkg-query", "--show", "--showformat=${Version}", package) if package else ""
    version = version or next(iter(_RELEASE.findall(_said(program, "--version"))), "of an unknown version")
    return f"{name} {version}"


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_ANSWERS_WITHIN_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def line(shape: str, told: Mapping[str, str], outcome: str, seconds: float) -> str:
    """A row as it is printed."""
    mark = {"passed": "✔", "failed": "✖"}.get(outcome, "○")
    expected = told["expected"] or ("as found" if outcome == "passed" else "see below")
    return (
        f"{mark} {shape[:72]:<72} {told['servers']:<48} expected {expected} · "
        f"found {told['found'] or outcome} · {seconds:.1f} s"
    )
