"""gonogo and packages of families as a team has them: wheels in an environment of its own, beside an empty project."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "packages"
_WITHOUT = """
[service]
name = "Shop"
base_url = "https://shop.test"
without = ["dns", "hosts", "http", "mongodb", "redis", "ports", "servers", "digitalocean", "atlas", "stripe", "sentry",
    "mail", "smoke", "load", "variables"]
"""


@dataclass(slots=True)
class Installation:
    """A fresh environment with wheels, and a project in it."""

    python: Path
    project: Path
    environ: dict[str, str] = field(default_factory=dict)
    """Secrets, by name."""

    def declare(self, sections: str) -> None:
        """Describe one service by these sections, and nothing else."""
        self.environment.parent.mkdir(exist_ok=True)
        self.environment.write_text(_WITHOUT + sections)

    @property
    def environment(self) -> Path:
        """The file that describes it."""
        return self.project / "environments" / "staging.toml"

    def gonogo(self, *arguments: str, **secrets: str) -> subprocess.CompletedProcess[str]:
        """The command, in the project; secrets replace those that are set."""
        environ = {**os.environ, **self.environ, **secrets}
        environ.pop("PYTHONPATH", None)
        command = [str(self.python.parent / "gonogo"), *arguments]
        return subprocess.run(
            command, cwd=self.project, env=environ, capture_output=True, text=True, timeout=300, check=False
        )

    @property
    def latest(self) -> Path:
        """The folder of the newest run."""
        return self.project / "reports" / "staging" / "latest"

    def checks(self, family: str) -> Mapping[str, Mapping[str, object]]:
        """The family's checks in the newest run, by id."""
        results = json.loads((self.latest / "results.json").read_bytes())
        return {check["id"]: check for check in results["checks"] if check["id"].startswith(f"{family}-")}

    def outcomes(self, family: str) -> dict[str, object]:
        """Outcome by check of the family, in the newest run."""
        return {name: check["outcome"] for name, check in self.checks(family).items()}

    def do(self, program: str, *arguments: str, **environ: str) -> None:
        """Another program of that environment, in the project."""
        do(str(self.python.parent / program), *arguments, cwd=self.project, environ={**os.environ, **environ})


def install(place: Path, *packages: str, also: Sequence[str] = (), extra: str = "") -> Installation:
    """Build gonogo and packages, and install them, with their dependencies and others, into a new environment.

    ``extra`` is one of gonogo's own, as in ``[load]``.
    """
    for source in (ROOT, *(PACKAGES / package for package in packages)):
        do(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place / "dist"), cwd=source)
    uv = str(Path(sys.executable).parent / "uv")
    do(uv, "venv", "--quiet", "--python", sys.executable, str(place / "venv"), cwd=place)
    python = place / "venv" / "bin" / "python"
    wheels = [f"{path}{extra if path.name.startswith('gonogo-') else ''}" for path in (place / "dist").glob("*.whl")]
    do(uv, "pip", "install", "--quiet", "--python", str(python), *wheels, *also, cwd=place)
    (place / "project").mkdir()
    return Installation(python, place / "project")


def do(*command: str, cwd: Path, environ: Mapping[str, str] | None = None) -> None:
    """Run a program that must succeed."""
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
