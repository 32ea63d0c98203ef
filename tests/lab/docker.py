"""A real engine of Docker in a machine of its own, and Compose: both of Debian. The only image is made of busybox."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.machine import Machine
from tests.lab.servers import program
from tests.lab.table import serving

IMAGE = "shop/api:1.2.3"
_START_SECONDS = 60
_COMMANDS = ("sh", "sleep", "true", "false", "httpd", "test")


@contextmanager
def engine() -> Iterator[Machine]:
    """A machine with a running engine, which has the image under the names shop/api:1.2.3 and shop/api:1.2.4."""
    for name in ("dockerd", "docker", "docker-compose"):
        if shutil.which(program(name)) is None:
            raise RuntimeError(f"{name} is not installed: apt-get install docker.io docker-compose busybox-static")
    with tempfile.TemporaryDirectory(prefix="gonogo-lab-") as folder, Machine(Path(folder) / "m").running() as machine:
        log = machine.folder / "dockerd.log"
        with log.open("wb") as words:
            daemon = subprocess.Popen(_command(machine), stdout=words, stderr=words, stdin=subprocess.DEVNULL)
        try:
            _wait(machine, daemon, log)
            _image(machine)
            with serving(program("dockerd")):
                yield machine
        finally:
            _stop(machine, daemon)


def _command(machine: Machine) -> list[str]:
    """Docker's own file systems need a disk; that of the machine's folder serves, with whole copies of each layer."""
    options = {
        "data-root": f"{machine.folder}/docker",
        "exec-root": f"{machine.folder}/run/docker-exec",
        "pidfile": f"{machine.folder}/docker.pid",
        "storage-driver": "vfs",
        "host": "unix:///run/docker.sock",
    }
    return [*machine.enter, "dockerd", *(f"--{name}={value}" for name, value in options.items())]


def _wait(machine: Machine, daemon: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while machine.sh("docker version >/dev/null 2>&1 && echo up || true").strip() != "up":
        assert daemon.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        time.sleep(0.1)


def _image(machine: Machine) -> None:
    """Two images that differ in one file only: releases of the same service."""
    place = machine.folder / "image" / "bin"
    place.mkdir(parents=True)
    shutil.copy(program("busybox"), place / "busybox")
    for command in _COMMANDS:
        (place / command).symlink_to("busybox")
    for tag in ("1.2.3", "1.2.4"):
        (place.parent / "release").write_text(tag)
        machine.sh(f'tar -C "$LAB/image" -c . | docker import - shop/api:{tag}')


def _stop(machine: Machine, daemon: "subprocess.Popen[bytes]") -> None:
    """Containers have namespaces of their own, and would outlive the machine."""
    machine.sh("docker ps --all --quiet | xargs -r docker rm --force --volumes || true")
    daemon.terminate()
    try:
        daemon.wait(_START_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
