"""The shop of docs/examples, as somebody has it who copied it: installed gonogo, its packages, and one command."""

import json
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.installation import ROOT, Installation, install

PACKAGES = ("gonogo-postgresql", "gonogo-rabbitmq", "gonogo-s3")
_PORTS, _DECLARED = 10, "2444"
_STARTS_WITHIN_SECONDS, _STOPS_WITHIN_SECONDS = 240, 90


def copied(place: Path) -> Installation:
    """An environment with gonogo, its packages and the shop's own; in its project what ``init --example`` writes."""
    needed = (ROOT / "docs" / "examples" / "shop" / "requirements.txt").read_text().splitlines()
    also = [line for line in needed if line and not line.startswith("#")]
    installation = install(place, *PACKAGES, also=also, extra="[load,openapi]")
    done = installation.gonogo("init", "--example")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "python -m shop up" in done.stdout
    return installation


def attested(installation: Installation) -> None:
    """The two lines that are somebody's word."""
    for line, name in (("books.wanted", "prices.txt"), ("receipts.adviser", "adviser.txt")):
        (installation.project / name).write_text(f"evidence of {line}")
        said = ("--by", "Ada Marsh", "--role", "bookseller", "--evidence", name, "--note", "tried in a test")
        done = installation.gonogo("attest", line, "--env", "staging", *said)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def up(installation: Installation, *faults: str, load: bool = False) -> Iterator[None]:
    """``python -m shop up`` on free ports, until it is ready; ended as by Ctrl-C."""
    base = _free_base()
    original = (ROOT / "docs" / "examples" / "shop" / "environments" / "staging.toml").read_text()
    declared = original.replace(_DECLARED, str(base // _PORTS))
    installation.environment.write_text(declared if load else declared.replace(', "load"]', "]"))
    chosen = [word for fault in faults for word in ("--fault", fault)]
    command = [str(installation.python), "-m", "shop", "up", "--base", str(base), *chosen]
    log = installation.project / "up.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=installation.project, stdout=file, stderr=file)
    try:
        _wait(process, log)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(_STOPS_WITHIN_SECONDS) == 0, log.read_text()


def red(installation: Installation) -> dict[str, str]:
    """What did not pass in the newest run, but for what Debian's age makes of RabbitMQ."""
    checks = json.loads((installation.latest / "results.json").read_bytes())["checks"]
    return {
        check["id"]: check["outcome"]
        for check in checks
        if check["outcome"] not in {"pass", "not run"} and check["id"] != "rabbitmq-supported"
    }


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until it says that it is ready, or ends."""
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while "\n" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "the shop is not ready"
        time.sleep(0.1)
    assert log.read_text().startswith("ready"), log.read_text()


def _free_base() -> int:
    """The first of ten ports that nobody listens on, a multiple of ten, below those that connections are given."""
    while True:
        base = random.randrange(1100, 3200) * _PORTS  # noqa: S311 - no two tests at once alike
        if not any(_taken(base + offset) for offset in range(_PORTS)):
            return base


def _taken(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
