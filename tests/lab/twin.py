"""``make twin``: whole runs of gonogo against a healthy twin of a service, none of whose servers is ours.

BIND serves its signed zone, Unbound resolves, nginx serves it behind a certificate of an authority of the laboratory.
It is in a network namespace of its own, where it has addresses that stand for public ones and all ports. Three parts:
healthy, every run must be GO; the same while 2 % of all packets are lost, where no run may be NO-GO; and with one bad
backend of three behind HAProxy, which every run must find, and name as so many of so many connections.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from gonogo.record.results import Outcome, Verdict
from tests.lab.authority import issue, lineage
from tests.lab.dns_lab import World, started
from tests.lab.dns_zones import ZONE
from tests.lab.http_servers import HEALTH, Ports, Site, haproxy, nginx, several

NETWORK = "203.0.113"
ADDRESS = f"{NETWORK}.20"
HOST = f"api.{ZONE}"
BROKEN = "location / { return 500; }"
_INSIDE = "GONOGO_TWIN_INSIDE"
_COUNTED = re.compile(r"\b(\d+) of (\d+) connections")
_RUN_SECONDS = 300.0
ENVIRONMENT = f"""
[service]
name = "Twin"
base_url = "https://{HOST}"
release = "abc1234"
without = ["deep_health", "metrics", "series", "moving", "openapi", "mongodb", "redis", "servers", "digitalocean",
    "atlas", "stripe", "sentry", "mail", "smoke", "variables", "load", "ports"]

[dns]
zone = "{ZONE}"
resolvers = ["{NETWORK}.11:53", "{NETWORK}.12:53", "{NETWORK}.13:53"]
quorum = 2
names = ["www.{ZONE}"]

[hosts."{HOST}"]
addresses = ["{ADDRESS}"]

[tls]
trust = "root.pem"
issuer = "Example CA"
caa = "ca.example"

[http]
health = "/health"
closed_paths = ["/.env", "/.git/HEAD", "/debug"]
"""
GATES = '[gates.launch]\ntitle = "May users come?"\nsections = ["*"]\n\n[default]\ntwin = "launch"\n'
CHECKLIST = """# Launch checklist of the twin

## All of it

- [ ] Its names lead to it <!-- names checks=dns-no-lame-server,dns-dnssec,dns-a-authoritative,dns-propagated -->
- [ ] Its certificate is right <!-- certificate checks=tls-chain,tls-hostname,tls-expiry,tls-versions,tls-ciphers -->
- [ ] It is up, and the release under review <!-- service checks=service-answers,health-shallow,release-under-review -->
- [ ] Nothing is open that should not be <!-- closed checks=http-closed-paths,http-plain -->
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """How one run ended."""

    verdict: str
    troubles: Mapping[str, str]
    """Check → outcome and message, of those that did not pass."""


@dataclass(frozen=True, slots=True)
class Part:
    """Runs of one shape, and what each of them must be."""

    name: str
    runs: int
    right: Callable[[Seen], bool]
    wanted: str
    loss: float = 0.0
    backends: Sequence[str] = ()
    """What each backend behind the balancer serves; none: nginx by itself."""


def _names_the_share(seen: Seen) -> bool:
    counted = _COUNTED.search(seen.troubles.get("service-answers", ""))
    return seen.verdict == Verdict.NO_GO and counted is not None and 0 < int(counted[1]) < int(counted[2])


PARTS = (
    Part("healthy", 60, lambda seen: seen.verdict == Verdict.GO, "GO"),
    Part("loss", 40, lambda seen: seen.verdict != Verdict.NO_GO, "no NO-GO", loss=0.02),
    Part("backend", 40, _names_the_share, "NO-GO, n of m named", backends=(HEALTH, HEALTH, BROKEN)),
)


@asynccontextmanager
async def service(part: Part, project: Path) -> AsyncIterator[None]:
    """Everything that the twin consists of, and its project."""
    authority = lineage()
    leaf = issue(HOST, authority.intermediate, names=[HOST, f"www.{ZONE}"], key="ec")
    chain, key = leaf.write(project, "leaf", authority.intermediate)
    site = Site(address=ADDRESS, ports=Ports(https=443, http=80), chain=chain, key=key)
    (project / "environments").mkdir()
    (project / "root.pem").write_bytes(authority.root.pem)
    (project / "environments" / "twin.toml").write_text(ENVIRONMENT)
    (project / "environments" / "gates.toml").write_text(GATES)
    (project / "environments" / "checklist.md").write_text(CHECKLIST)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(started(World(programs=("bind", "bind")), project / "dns", NETWORK))
        stack.enter_context(_front(part.backends, site))
        yield


@contextmanager
def _front(backends: Sequence[str], site: Site) -> Iterator[None]:
    with ExitStack() as stack:
        if backends:
            behind = stack.enter_context(several(*backends, pair=(site.chain, site.key)))
            stack.enter_context(haproxy(behind, address=site.address, ports=site.ports))
        else:
            stack.enter_context(nginx(site=site))
        yield


def run(project: Path) -> Seen:
    """One ``gonogo run``, in a process of its own, as anybody would start it."""
    shutil.rmtree(project / "reports", ignore_errors=True)  # whoever ends without results shows no older ones
    command = [sys.executable, "-m", "gonogo", "run", "--env", "twin"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=_RUN_SECONDS)
    path = project / "reports" / "twin" / "latest" / "results.json"
    if not path.exists():
        raise SystemExit(f"the run wrote no results:\n{done.stdout}{done.stderr}")
    results: dict[str, Any] = json.loads(path.read_text())
    troubles = {
        check["id"]: f"{observation['outcome']} {observation['message']}"
        for check in results["checks"]
        for observation in check["observations"]
        if observation["outcome"] != Outcome.PASS
    }
    return Seen(results["decision"]["verdict"], troubles)


async def measured(part: Part) -> bool:
    """Print a row of the table, and what went wrong below it; whether all runs were right."""
    begun, verdicts, wrong = time.monotonic(), Counter[str](), list[Seen]()
    with _project() as project:
        async with service(part, project):
            with _losing(part.loss):
                for number in range(part.runs):
                    seen = await asyncio.to_thread(run, project)
                    verdicts[seen.verdict] += 1
                    if not part.right(seen):
                        wrong.append(seen)
                    print(
                        f"  {part.name} {number + 1}/{part.runs}: {seen.verdict} {dict(seen.troubles)}", file=sys.stderr
                    )
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    right = part.runs - len(wrong)
    each = (time.monotonic() - begun) / part.runs
    print(f"{part.name:<10} {right:>3} of {part.runs} {part.wanted:<22} {each:5.1f} s each  {told}", flush=True)
    for seen in wrong:
        print(f"✖ {seen.verdict}: {dict(seen.troubles)}", flush=True)
    return not wrong


@contextmanager
def _project() -> Iterator[Path]:
    with TemporaryDirectory(prefix="gonogo-twin-") as folder:
        Path(folder).chmod(0o755)  # nginx' workers run as another user
        yield Path(folder)


@contextmanager
def _losing(share: float) -> Iterator[None]:
    """Lose this share of all packets where they arrive: who sent them is not told, as on the way."""
    if not share:
        yield
        return
    rule = f"INPUT -m statistic --mode random --probability {share} -j DROP".split()
    for tables in ("iptables", "ip6tables"):
        subprocess.run([tables, "--append", *rule], check=True)
    try:
        yield
    finally:
        for tables in ("iptables", "ip6tables"):
            subprocess.run([tables, "--delete", *rule], check=True)


def _moved_inside() -> int | None:
    """Do it again in a network of its own; None inside of it, where the addresses are set up."""
    if not os.environ.get(_INSIDE):
        command = ["unshare", "--net", sys.executable, "-m", "tests.lab.twin", *sys.argv[1:]]
        return subprocess.run(command, env={**os.environ, _INSIDE: "1"}, check=False).returncode
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for last in (1, 2, 10, 11, 12, 13, 20):
        subprocess.run(["ip", "address", "add", f"{NETWORK}.{last}/32", "dev", "lo"], check=True)
    return None


def main() -> int:
    """The table; 1 if a run was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *(part.name for part in PARTS)], help="these alone")
    parser.add_argument("--runs", type=int, help="so many of each")
    options = parser.parse_args()
    code = _moved_inside()
    if code is not None:
        return code
    wanted = [part for part in PARTS if not options.parts or part.name in options.parts]
    if options.runs:
        wanted = [replace(part, runs=options.runs) for part in wanted]
    right = [asyncio.run(measured(part)) for part in wanted]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
