"""``make bench``: what it costs to know the TLS of 20 hosts, beside sslyze in the same minute and on the same servers.

sslyze is no dependency: it is fetched into an environment of its own, for this once. Where it cannot be had, our own
time is printed alone. At most a quarter of its wall time is wanted.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from gonogo.collecting.collector import Collector, Job
from gonogo.environment.model import Limits
from gonogo.evidence.tls import Handshake, TlsEvidence
from gonogo.families.tls import FAMILY
from gonogo.families.tls.probe import TlsQuestion, probe_tls
from reference.certificates import CertificateSettings, issue_public
from tests.lab.servers import NGINX_TLS, nginx
from tests.support.ports import free_port

_HOSTS = 20
_WANTED_RATIO = 0.25


def ours(questions: list[TlsQuestion]) -> float:
    """Wall time of all of them at once, within the default bounds."""
    jobs = [Job(kind=FAMILY.kinds[0], ask=probe_tls, question=question) for question in questions]
    started = time.monotonic()
    with Collector(Limits(run=timedelta(minutes=5))) as collector:
        collector.start(jobs)
        records = [collector.wait(job.key) for job in jobs]
    wall = time.monotonic() - started
    for record in records:
        evidence = record.evidence
        assert isinstance(evidence, TlsEvidence), record.failure
        assert evidence.handshake is Handshake.DONE
        assert {offer.handshake for offer in evidence.offers} == {Handshake.DONE, Handshake.REFUSED}
    return wall


def fetched_sslyze(folder: Path) -> Path | None:
    """Its program, or None."""
    own = shutil.which("sslyze")
    if own:
        return Path(own)
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "pip"), "install", "--quiet", "--quiet", "--quiet", "sslyze"]
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - as written above
        return None
    return folder / "bin" / "sslyze"


def theirs(program: Path, ports: list[int]) -> float:
    """Wall time of one run over all servers, start of the process included."""
    targets = [f"localhost:{port}{{127.0.0.1}}" for port in ports]
    started = time.monotonic()
    done = subprocess.run(  # noqa: S603 - as written above
        [str(program), *targets], check=False, capture_output=True, text=True
    )
    wall = time.monotonic() - started
    scanned = done.stdout.count("SCAN RESULTS FOR")
    assert scanned == len(ports), (
        f"sslyze looked at {scanned} of {len(ports)} servers: {done.stdout[-2000:]}{done.stderr}"
    )
    return wall


async def main() -> None:
    """Start the servers, ask them, print the ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        root, bundle, _ = issue_public(folder, CertificateSettings(names=("localhost",)))
        async with AsyncExitStack() as stack:
            ports = [free_port() for _ in range(_HOSTS)]
            for port in ports:
                place = folder / str(port)
                place.mkdir()
                settings = f"{NGINX_TLS} ssl_certificate {bundle.chain}; ssl_certificate_key {bundle.key};"
                stack.enter_context(nginx(place, settings, port=port))
            questions = [
                TlsQuestion(host=f"h{number}.test", address="127.0.0.1", port=port, trust=str(root))
                for number, port in enumerate(ports)
            ]
            wall = await asyncio.to_thread(ours, questions)
            print(f"TLS of {_HOSTS} hosts: {wall:.2f} s")
            program = fetched_sslyze(folder / "sslyze")
            if program is None:
                print("sslyze cannot be had here: no ratio")
                return
            beside = await asyncio.to_thread(theirs, program, ports)
            ratio = wall / beside
            print(f"sslyze: {beside:.2f} s; ratio {ratio:.2f}, at most {_WANTED_RATIO} is wanted")
            if ratio > _WANTED_RATIO:
                sys.exit(1)


if __name__ == "__main__":
    asyncio.run(main())
