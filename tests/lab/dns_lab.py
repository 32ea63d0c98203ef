"""A small world of real DNS servers, and what the checks of the family say of it.

There are a root and a registry, two name servers, and three validating resolvers.
"""

import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Evidence
from gonogo.families.dns.probe import PROBES
from gonogo.families.registry import environment_from
from gonogo.planning.declarations import Declaration
from tests.checks.conftest import Judge
from tests.lab.dns_relay import PORT, After, Before, everything, relay, truth
from tests.lab.dns_servers import bind, knot, nsd, unbound
from tests.lab.dns_zones import TTL_SECONDS, ZONE, Copy, Signer, Signing, zone_file
from tests.lab.table import found

HOST = f"api.{ZONE}"
_PROGRAMS = {"nsd": nsd, "knot": knot, "bind": bind}
_LONG = timedelta(days=400)
"""So that the registry's signatures hold by every clock."""
FAMILIES = ("dns", "dns_names", "dns_mail")
"""Whose checks are judged here; those that need evidence of another family are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What is served, and what is declared. The defaults are healthy; ``{n}`` stands for the world's network."""

    first: Copy = field(default_factory=Copy)
    second: Copy | None = None
    """None: the same as the first."""
    delegation: tuple[str, ...] = ("NS ns1.workme.test.", "NS ns2.workme.test.")
    glue: tuple[str, ...] = ("ns1.workme.test. A {n}.1", "ns2.workme.test. A {n}.2")
    secure: bool = True
    """Whether the parent has a DS."""
    other_key: bool = False
    """Whether that DS is of another key."""
    transfers: bool = False
    before: Before = everything
    after: After = truth
    relayed: tuple[str, ...] = ()
    """Which of ``ns1`` and ``ns2`` stand behind a relay that drops and changes."""
    inventing: After | None = None
    """What two of the three resolvers make of their answers."""
    resolvers_clock: str = ""
    """Where theirs stands beside ours, as ``-60d``."""
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Zones of other people under test., with their records."""
    elsewhere_after: After = truth
    """What their server makes of its answers."""
    programs: tuple[str, str] = ("nsd", "knot")
    """What serves the zone at ns1 and at ns2: ``nsd``, ``knot`` or ``bind``."""
    addresses: tuple[str, ...] = ("{n}.20",)
    host: Mapping[str, Any] = field(default_factory=dict)
    dns: Mapping[str, Any] = field(default_factory=dict)
    https_port: int = 443
    tls: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a world is."""

    network: str
    environment: Environment


def free_network() -> str:
    """The first three numbers of addresses of loopback where nobody is."""
    return f"127.{random.randrange(60, 250)}.{random.randrange(256)}"  # noqa: S311 - a place that is free


@asynccontextmanager
async def started(world: World, folder: Path, network: str = "") -> AsyncIterator[Place]:
    """Start every server of it, on loopback unless a network of this machine's interfaces is named."""
    network = network or free_network()
    async with AsyncExitStack() as stack:
        await _start_servers(world, folder, network, stack)
        yield Place(network=network, environment=_environment(world, network))


async def _start_servers(world: World, folder: Path, network: str, stack: AsyncExitStack) -> None:
    signer, registry = Signer.new(folder / "keys"), Signer.new(folder / "registry", "test")
    vouched = Signer.new(folder / "other") if world.other_key else signer
    above = _registry(world, folder, network, registry, vouched.ds if world.secure else "")
    await stack.enter_async_context(nsd(folder / "registry", f"{network}.10", above))
    if world.elsewhere:
        zones = _elsewhere(world, folder, network)
        await stack.enter_async_context(nsd(folder / "elsewhere", f"{network}.130", zones))
        front = relay(f"{network}.30", (f"{network}.130", PORT), after=world.elsewhere_after)
        await stack.enter_async_context(front)
    copies = {"ns1": world.first, "ns2": world.second or world.first}
    for number, (name, copy) in enumerate(copies.items(), 1):
        start = _PROGRAMS[world.programs[number - 1]]
        path = zone_file(folder / name / "zone", copy, network, signer)
        behind = name in world.relayed
        address = f"{network}.{100 + number if behind else number}"
        await stack.enter_async_context(start(folder / name, address, [(ZONE, path)], transfers=world.transfers))
        if behind:
            front = relay(f"{network}.{number}", (address, PORT), before=world.before, after=world.after)
            await stack.enter_async_context(front)
    true = [f"{network}.{last}" for last in (11, 112, 113)] if world.inventing else _resolvers(network)
    resolvers = unbound(folder / "unbound", true, f"{network}.10", registry.dnskey, clock=world.resolvers_clock)
    await stack.enter_async_context(resolvers)
    if world.inventing:
        for last in (12, 13):
            await stack.enter_async_context(
                relay(f"{network}.{last}", (f"{network}.{100 + last}", PORT), after=world.inventing)
            )


def _registry(world: World, folder: Path, network: str, signer: Signer, ds: str) -> Sequence[tuple[str, Path]]:
    """The root, and test. with a signed delegation."""
    lines = [
        "$ORIGIN test.",
        f"$TTL {TTL_SECONDS}",
        "@ SOA a.nic hostmaster.nic 1 3600 900 1209600 60",
        "@ NS a.nic",
        f"a.nic A {network}.10",
        *(f"workme {record}" for record in world.delegation),
        *(record.replace("{n}", network) for record in world.glue),
        ds,
    ]
    for zone in world.elsewhere:
        lines += [f"{zone}. NS ns.{zone}.", f"ns.{zone}. A {network}.30"]
    plain = _file(folder / "registry" / "test", lines)
    root = [
        f"$TTL {TTL_SECONDS}",
        ". SOA ns.root-servers.test. h. 1 3600 900 1209600 60",
        ". NS a.nic.test.",
        "test. NS a.nic.test.",
        f"a.nic.test. A {network}.10",
    ]
    return [
        ("test", signer.signed(plain, Signing(begun=_LONG, left=_LONG))),
        (".", _file(folder / "registry" / "root", root)),
    ]


def _elsewhere(world: World, folder: Path, network: str) -> Sequence[tuple[str, Path]]:
    zones = []
    for zone, records in world.elsewhere.items():
        lines = [
            f"$ORIGIN {zone}.",
            "$TTL 1",
            "@ 300 SOA ns h 1 3600 900 1209600 1",
            "@ 300 NS ns",
            f"ns 300 A {network}.30",
        ]
        lines += [record.replace("{n}", network) for record in records]
        zones.append((zone, _file(folder / "elsewhere" / zone, lines)))
    return zones


def _file(path: Path, lines: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def _resolvers(network: str) -> list[str]:
    return [f"{network}.{last}" for last in (11, 12, 13)]


def _environment(world: World, network: str) -> Environment:
    placed = [address.replace("{n}", network) for address in world.addresses]
    return environment_from(
        {
            "service": {"name": "WorkMe", "base_url": f"https://{HOST}"},
            "dns": {
                "zone": ZONE,
                "resolvers": [f"{address}:53" for address in _resolvers(network)],
                "rollback_window": "1 h",
                "quorum": 2,
                "names": [f"www.{ZONE}"],
                **world.dns,
            },
            "hosts": {HOST: {"addresses": placed, "https_port": world.https_port, **world.host}},
            "tls": {"issuer": "Nobody", "caa": "ca.example", **world.tls},
        }
    )


async def verdicts(place: Place, judge: Judge, declarations: Mapping[str, Declaration]) -> Mapping[str, str]:
    """Check → the first message with which it fails, or ``ERROR: …`` with which it cannot say; silence is a pass."""
    evidence: dict[str, list[Any]] = {}
    for kind, probe in PROBES.items():
        evidence[kind] = [await probe.ask(question) for question in probe.questions(place.environment, Secrets({}))]
    complaints: dict[str, str] = {}
    for declaration in declarations.values():
        wanted = [name for name in declaration.arguments if name in evidence]
        known = {*evidence, "environment", "policy"}
        if declaration.family in FAMILIES and known.issuperset(declaration.arguments):
            for subject in evidence[wanted[0]]:
                complaint = _judged(declaration, subject, evidence, place.environment, judge)
                if complaint:
                    complaints.setdefault(declaration.id, complaint)
    found(complaints)
    return complaints


def _judged(
    declaration: Declaration,
    subject: Evidence,
    evidence: Mapping[str, list[Any]],
    environment: Environment,
    judge: Judge,
) -> str:
    arguments = {"environment": environment} if "environment" in declaration.arguments else {}
    for name in declaration.arguments:
        if name in evidence:
            same = [one for one in evidence[name] if one.scope == subject.scope]
            arguments[name] = (same or evidence[name])[0]
    try:
        return judge(declaration.id, **arguments) or ""
    except Unobserved as unobserved:
        return f"ERROR: {unobserved}"
