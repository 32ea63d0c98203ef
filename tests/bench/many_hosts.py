"""``make bench``: what a run costs beside its handshakes, at 200, 1,000 and 5,000 hosts, in time and in memory.

One real server is asked once, with all that checks of TLS want to know; its evidence is then that of every host. What is
left is our own work: planning, collecting, judging, recording, the page. Each size has a process of its own. At most 20 s
and 300 MiB are wanted at 1,000 hosts, and time that grows with the hosts, not with their square.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from gonogo.collecting.collector import Job
from gonogo.evidence.base import Evidence, Key
from gonogo.evidence.tls import Handshake, TlsEvidence
from gonogo.families.tls.probe import TlsQuestion, probe_tls
from gonogo.planning.suite import project_suite
from gonogo.runs import prepare as preparing
from gonogo.runs.publish import open_folder
from gonogo.runs.session import verify
from reference.certificates import CertificateSettings, issue_public
from tests.lab.servers import NGINX_TLS, nginx
from tests.support.ports import free_port

_SIZES = (200, 1_000, 5_000)
_WANTED_AT = 1_000
_WANTED_SECONDS = 20.0
_WANTED_MIB = 300.0
_LINEAR_WITHIN = 2.0
"""How much dearer one host may be among 5,000 than among 200."""
_KIB_IN_MIB = 1024
_PER_NETWORK = 250
_HEAD = """[service]
name = "many"
base_url = "https://h0.test"
without = ["dns", "ports", "health", "release", "deep_health", "metrics", "openapi", "mongodb", "redis", "servers",
    "digitalocean", "atlas", "stripe", "sentry", "mail", "smoke", "variables", "load"]

[permits]
effects = ["read"]

[limits]
run = "20 min"

[tls]
trust = "root.pem"
issuer = "Anybody"
"""
_HOST = '[hosts."h{number}.test"]\naddresses = ["127.{high}.{middle}.{low}"]\nhttp = false\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one size took."""

    hosts: int
    seconds: float
    mebibytes: float


def write_project(folder: Path, hosts: int) -> None:
    """An environment file with so many hosts, each at an address of its own."""
    (folder / "environments").mkdir()
    declared = (
        _HOST.format(
            number=number,
            high=number // _PER_NETWORK**2,
            middle=number // _PER_NETWORK % _PER_NETWORK,
            low=number % _PER_NETWORK + 1,
        )
        for number in range(hosts)
    )
    (folder / "environments" / "staging.toml").write_text(_HEAD + "".join(declared))


async def asked_once(folder: Path) -> TlsEvidence:
    """The evidence of one real server."""
    root, bundle, _ = issue_public(folder, CertificateSettings(names=("h0.test",)))
    (folder / "root.pem").write_bytes(root.read_bytes())
    port = free_port()
    settings = f"{NGINX_TLS} ssl_certificate {bundle.chain}; ssl_certificate_key {bundle.key};"
    with nginx(folder, settings, port=port):
        evidence = await probe_tls(TlsQuestion(host="h0.test", address="127.0.0.1", port=port, trust=str(root)))
    assert evidence.handshake is Handshake.DONE, evidence
    return evidence


def answered_by(sample: TlsEvidence, jobs: Mapping[Key, Job]) -> dict[Key, Job]:
    """The questions about TLS, answered at once; nothing else is asked."""

    async def answer(question: TlsQuestion) -> Evidence:
        return replace(sample, scope=question.scope, taken_at=datetime.now(UTC))

    return {key: replace(job, ask=answer) for key, job in jobs.items() if key[0] == "tls"}


def run(project: Path, hosts: int) -> None:
    """Measure one size in this process, and print the figures for who started it."""
    write_project(project, hosts)
    sample = asyncio.run(asked_once(project))
    bundled_jobs = preparing._jobs  # noqa: SLF001 - the only way to the questions before they are asked

    def jobs(*arguments: Any) -> dict[Key, Job]:  # noqa: ANN401 - handed on as they come
        return answered_by(sample, bundled_jobs(*arguments))

    suite = project_suite(project, bundled=False, environment="staging")
    checks = [name for name, declaration in suite.declarations.items() if declaration.family == "tls"]
    os.chdir(project)  # as users do: the root of [tls] is looked for from here
    started = time.process_time()
    with patch.object(preparing, "_jobs", jobs):
        prepared = preparing.prepare(preparing.Request(environment="staging", project=project, only=checks), environ={})
    folder = open_folder(prepared, project / "reports")
    try:
        published = verify(prepared, folder)
    finally:
        prepared.close()
    seconds = time.process_time() - started
    observed = sum(len(check.observations) for check in published.results.checks)
    assert observed >= hosts, f"{observed} observations of {hosts} hosts"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB_IN_MIB
    print(f"cost {seconds} {peak}")


def cost(hosts: int) -> Cost:
    """One size, in a process of its own, whose memory is nobody else's."""
    with TemporaryDirectory() as place:
        command = [sys.executable, "-m", "tests.bench.many_hosts", str(hosts), place]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - this module
    figures = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("cost ")]
    if done.returncode or not figures:
        sys.exit(f"{hosts} hosts could not be measured: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Cost(hosts=hosts, seconds=float(figures[0][0]), mebibytes=float(figures[0][1]))


def problems(costs: Sequence[Cost]) -> list[str]:
    """What is dearer than wanted."""
    told = [
        f"{each.hosts} hosts: {each.seconds:.1f} s and {each.mebibytes:.0f} MiB;"
        f" at most {_WANTED_SECONDS:.0f} s and {_WANTED_MIB:.0f} MiB are wanted"
        for each in costs
        if each.hosts == _WANTED_AT and (each.seconds > _WANTED_SECONDS or each.mebibytes > _WANTED_MIB)
    ]
    first, last = costs[0], costs[-1]
    dearer = (last.seconds / last.hosts) / (first.seconds / first.hosts)
    if dearer > _LINEAR_WITHIN:
        told.append(f"one host of {last.hosts} takes {dearer:.1f} times as long as one of {first.hosts}")
    return told


def main() -> None:
    """Print the table."""
    print("hosts    without handshakes   of a host    memory")
    costs = []
    for hosts in _SIZES:
        each = cost(hosts)
        costs.append(each)
        line = f"{hosts:5}   {each.seconds:14.1f} s   {each.seconds / hosts * 1000:6.1f} ms   {each.mebibytes:5.0f} MiB"
        print(line, flush=True)
    if dearer := problems(costs):
        sys.exit("; ".join(dearer))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(Path(sys.argv[2]), int(sys.argv[1]))
    else:
        main()
