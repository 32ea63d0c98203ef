"""From nothing to a verdict on services that nobody here wrote: `gonogo init`, `gonogo run`, and what they say.

The rows of docs/services.md that have a number of commands are these: it is counted by the test.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reference.certificates import CertificateSettings, issue_public
from tests.lab.api_services import JSON_SERVER_AUTH, Service, running
from tests.support.api_projects import over_tls

pytestmark = pytest.mark.whole
DOCUMENT = Path(__file__).parents[2] / "docs" / "services.md"
_GONOGO = [sys.executable, "-m", "gonogo"]
_MAIN = """
import os, pathlib, sys
pathlib.Path("kept").mkdir(exist_ok=True)
{imported}
sys.argv = {words!r}.format(port=os.environ["PORT"]).split()
main()
"""


def program(*packages: str, imported: str, words: str) -> Service:
    """A service of PyPI that comes with a program of its own."""
    return Service(python=packages, source=_MAIN.format(imported=imported, words=words))


PYPISERVER = program(
    "pypiserver[passlib]==2.4.0",
    imported="from pypiserver.__main__ import main",
    words="pypi-server run -i 127.0.0.1 -p {port} kept",
)
DATASETTE = program(
    "datasette==0.65.2",
    imported="from datasette.cli import cli as main",
    words="datasette serve -h 127.0.0.1 -p {port}",
)
RADICALE = program(
    "radicale==3.7.6",
    imported="from radicale.__main__ import run as main",
    words="radicale --server-hosts 127.0.0.1:{port} --storage-filesystem-folder kept --auth-type none",
)
HEALTHZ = Service(
    python=("flask-healthz==1.0.1", "flask"),
    source="""
import os
from flask import Flask
from flask_healthz import Healthz

app = Flask(__name__)
app.config["HEALTHZ"] = {"live": lambda: None, "ready": lambda: None}
Healthz(app)
app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first verdict on a service, as the document has it."""

    row: str
    service: Service
    health: str
    verdict: str
    why: str
    """A line or a check that the run names."""
    page: str = ""
    """A page by which the service is known, which somebody has to name."""


FIRST = [
    First(row="pypiserver, PyPI", service=PYPISERVER, health="/health", verdict="INCOMPLETE", why="service.release"),
    First(row="Datasette, PyPI", service=DATASETTE, health="", verdict="INCOMPLETE", why="service.health"),
    First(row="Radicale, PyPI", service=RADICALE, health="", verdict="INCOMPLETE", why="service.health", page="/.web/"),
    First(
        row="flask-healthz, PyPI",
        service=HEALTHZ,
        health="/healthz/live",
        verdict="INCOMPLETE",
        why="service.release",
    ),
    First(row="json-server, npm", service=JSON_SERVER_AUTH, health="", verdict="NO-GO", why="http-origins"),
]


@pytest.mark.parametrize("first", FIRST, ids=[first.row.partition(",")[0] for first in FIRST])
def test_first_verdict_is_right_after_the_commands_that_the_document_counts(first: First, tmp_path: Path) -> None:
    """With nothing but the address of the service, and the root of its own authority."""
    if first.service.npm and shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    project = tmp_path / "team"
    project.mkdir()
    root, bundle, _ = issue_public(project, CertificateSettings(names=("localhost",), issuer="Test CA"))
    trust = Path(root).relative_to(project).as_posix()
    commands = 0
    with running(first.service, tmp_path / "service") as behind, over_tls(behind, bundle) as port:
        where = ["--base-url", f"https://localhost:{port}", "--trust", trust, "--address", "127.0.0.1", "--yes"]
        page = ["--page", first.page] if first.page else []
        for words in (["init", *where, *page], ["run", "--env", "staging"]):
            done = subprocess.run(
                [*_GONOGO, *words], cwd=project, capture_output=True, text=True, check=False, timeout=240
            )
            commands += 1
    said = done.stdout + done.stderr
    written = (project / "environments" / "staging.toml").read_text()
    assert re.search(rf"[◌✘✖✔] +{first.verdict}\b", said), said
    assert done.returncode == {"INCOMPLETE": 3, "NO-GO": 1}[first.verdict], said
    assert first.why in said
    assert (f'health = "{first.health}"' in written) is bool(first.health)
    assert counted(first.row) == str(commands)


def counted(row: str) -> str:
    """The number of commands in the row of the document."""
    (line,) = [line for line in DOCUMENT.read_text().splitlines() if line.startswith(f"| {row} |")]
    return line.split("|")[3].strip()
