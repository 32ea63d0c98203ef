"""The Containerfile, built and run by Debian's Docker; its base image is made of Debian, since no registry can be reached.

The engine and the build share this machine's network, for the packages that are installed; the container that runs has none.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import DEAD_END
from tests.lab.servers import program

ROOT = Path(__file__).parents[2]
NEEDED = ("dockerd", "docker", "debootstrap")
USER = 1000
pytestmark = [
    pytest.mark.whole,
    pytest.mark.skipif(os.geteuid() != 0, reason="an engine of one's own needs root"),
    pytest.mark.skipif(
        any(shutil.which(program(name)) is None for name in NEEDED), reason="apt-get install docker.io debootstrap"
    ),
]
_TRUST = "/etc/ssl/certs/ca-certificates.crt"
_PACKAGES = "ca-certificates,python3,python3-pip"


def run(*words: str, seconds: float = 1800, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """A command, with what it prints in its failure."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False, cwd=ROOT)
    assert done.returncode == 0 or not check, f"{' '.join(words)}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[str]]:
    """The client of a running engine that has the base image."""
    folder = tmp_path_factory.mktemp("docker")
    client = ["docker", "--host", f"unix://{folder}/socket"]
    options = {name: f"{folder}/{name}" for name in ("data-root", "exec-root", "pidfile")}
    options["host"] = f"unix://{folder}/socket"
    options |= {"storage-driver": "vfs", "bridge": "none", "iptables": "false"}
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [program("dockerd"), *(f"--{name}={value}" for name, value in options.items())],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    try:
        deadline = time.monotonic() + 60
        while run(*client, "version", check=False).returncode:
            assert daemon.poll() is None, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, (folder / "log").read_text()[-2000:]
            time.sleep(0.1)
        _base(client, folder / "debian")
        yield client
    finally:
        daemon.terminate()
        daemon.wait(60)
        for mounted in Path(options["exec-root"]).glob(
            "netns/*"
        ):  # it leaves them behind, and nobody could remove the folder
            run("umount", str(mounted))


def _base(client: Sequence[str], place: Path) -> None:
    """Debian with its own Python, under the name of the image that the Containerfile begins with."""
    debian = dict(row.split("=", 1) for row in Path("/etc/os-release").read_text().splitlines() if "=" in row)
    run(program("debootstrap"), "--variant=minbase", f"--include={_PACKAGES}", debian["VERSION_CODENAME"], str(place))
    for managed in place.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):  # python:slim has none
        managed.unlink()
    (place / "usr" / "local" / "bin" / "python").symlink_to("/usr/bin/python3")
    shutil.copy(_TRUST, f"{place}{_TRUST}")
    (name,) = re.findall(r"^FROM (\S+)$", (ROOT / "docs" / "ci" / "Containerfile").read_text(), re.MULTILINE)
    path = "ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    trusted = f"ENV PIP_CERT={_TRUST}"
    archive = ["tar", "-C", str(place), "--exclude=./proc", "--exclude=./sys", "-c", "."]
    with subprocess.Popen(archive, stdout=subprocess.PIPE) as packed:
        words = [*client, "import", "--change", path, "--change", trusted, "-", name]
        subprocess.run(words, stdin=packed.stdout, check=True, capture_output=True, timeout=600)


def test_it_is_built_and_runs_as_documented(docker: Sequence[str], tmp_path: Path) -> None:
    """As whoever owns the project: the verdict is its exit code, and the record lies in the project."""
    context = tmp_path / "context"
    context.mkdir()
    listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").stdout.split("\0")
    for name in filter(None, listed):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, context / name, follow_symlinks=False)
    built = [
        "build",
        "--network",
        "host",
        "--file",
        f"{context}/docs/ci/Containerfile",
        "--tag",
        "gonogo",
        str(context),
    ]
    run(*docker, *built)
    assert "gonogo, version" in run(*docker, "run", "--rm", "--network", "none", "gonogo", "--version").stdout
    project = tmp_path / "project"
    (project / "environments").mkdir(parents=True)
    (project / "environments" / "dead.toml").write_text(DEAD_END)
    for path in (project, project / "environments"):
        os.chown(path, USER, USER)
    owner = ["--user", f"{USER}:{USER}", "--volume", f"{project}:/project"]
    judged = run(*docker, "run", "--rm", "--network", "none", *owner, "gonogo", "run", "--env", "dead", check=False)
    assert judged.returncode == 1, judged.stdout + judged.stderr
    assert "NO-GO" in judged.stdout
    assert (project / "reports" / "dead" / "latest" / "signoff.html").stat().st_uid == USER
