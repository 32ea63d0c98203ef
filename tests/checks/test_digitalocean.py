"""Droplets, judged on literals."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.base import Unread
from gonogo.evidence.http import Exchange, MetricsEvidence, ReleaseWord, ServiceEvidence
from gonogo.evidence.providers import (
    AlertPolicy,
    CloudFirewall,
    DropletEvidence,
    DropletImage,
    InboundRule,
    PendingChange,
    Volume,
)
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

GIB = 2**30
ALL = ("0.0.0.0/0", "::/0")
HALVES = ("0.0.0.0/1", "128.0.0.0/1")
ALONE = {"droplet-found", "droplet-locked", "droplet-image-offered", "droplet-keys", "droplet-alerts"}
"""Checks that need nothing but the droplet."""
Changes = dict[str, Any]
ORDERED = {"id": 7, "cpus": 2, "memory": "4 GiB", "disk": "80 GiB", "image": "ubuntu-22-04-x64"}


def environment(release: str | None = None, **droplet: Any) -> Environment:  # noqa: ANN401 - keys
    """One droplet, and one host."""
    ordered = {**ORDERED, **droplet}
    return environment_from(
        {
            "service": {"name": "S", "base_url": "https://a.test", **({"release": release} if release else {})},
            "hosts": {"a.test": {"addresses": ["203.0.113.10", "2001:db8::10"]}},
            "digitalocean": {"token": "DIGITALOCEAN_TOKEN", "droplets": {"one": ordered}},
        }
    )


def opened(ports: str, protocol: str = "tcp", sources: tuple[str, ...] = ALL) -> InboundRule:
    """A rule of the cloud firewall."""
    return InboundRule(protocol=protocol, ports=ports, sources=sources)


USUAL = (opened("22"), opened("80"), opened("443"), opened("all", "icmp"), opened("5432", sources=("10.0.0.0/8",)))
FIREWALL = CloudFirewall(name="web", status="succeeded", inbound=USUAL)
CPU = AlertPolicy(kind="cpu", enabled=True, compare="GreaterThan", threshold=90, recipients=1)
ALERTS = (CPU, replace(CPU, kind="memory_utilization_percent"), replace(CPU, kind="disk_utilization_percent"))
IMAGE = DropletImage(
    slug="ubuntu-22-04-x64", name="22.04 (LTS) x64", distribution="Ubuntu", status="available", kind="base"
)
DROPLET = DropletEvidence(
    scope=("digitalocean", "one"),
    taken_at=AT,
    droplet=7,
    found=True,
    status="active",
    locked=False,
    cpus=2,
    memory=4 * GIB,
    disk=80 * GIB,
    image=IMAGE,
    addresses=("203.0.113.10",),
    firewalls=(FIREWALL,),
    tagged=True,
    alerts=ALERTS,
    measured=True,
    copies=(AT - timedelta(hours=24),),
    account_keys=1,
)


def inbound(*rules: InboundRule) -> Changes:
    """The usual rules, and these."""
    return {"firewalls": (replace(FIREWALL, inbound=(*USUAL, *rules)),)}


def firewall(**changes: Any) -> Changes:  # noqa: ANN401 - fields
    """The only firewall, but for this."""
    return {"firewalls": (replace(FIREWALL, **changes),)}


def disk(**changes: Any) -> Changes:  # noqa: ANN401 - fields
    """The policy about the disk, but for this."""
    return {"alerts": (*ALERTS[:2], replace(ALERTS[2], **changes))}


def unread(*facts: str) -> Changes:
    """These facts could not be read."""
    return {"unread": tuple(Unread(fact=fact, reason=f"no {fact}") for fact in facts)}


def judged(judge: Judge, check: str, seen: DropletEvidence, **droplet: Any) -> str | None:  # noqa: ANN401 - keys
    """What a check says."""
    beside = {"droplet_all": (seen,)} if check == "droplet-addresses" else {}
    return judge(check, droplet=seen, **beside, **({} if check in ALONE else {"environment": environment(**droplet)}))


@pytest.mark.parametrize(
    ("addresses", "servers", "more", "message"),
    [
        (["203.0.113.10"], {}, {}, None),
        (["203.0.113.10", "203.0.113.77"], {}, {}, "a.test at 203.0.113.77 is no declared droplet or server"),
        (["203.0.113.10", "203.0.113.77"], {"old": {"address": "203.0.113.77"}}, {}, None),
        (["203.0.113.10", "203.0.113.77"], {}, {"reserved_addresses": ("203.0.113.77",)}, None),
        (["203.0.113.10", "2001:db8::77"], {}, {}, None),
        (["203.0.113.10", "203.0.113.11"], {}, {}, None),
        (
            ["203.0.113.5", "203.0.113.77"],
            {},
            {"addresses": ("198.51.100.1",), "reserved_addresses": ("203.0.113.5",)},
            "a.test at 203.0.113.77",
        ),
    ],
)
def test_host_that_leads_to_a_stranger_as_well(
    judge: Judge, addresses: list[str], servers: dict[str, Any], more: Changes, message: str | None
) -> None:
    """Some of the users would be served by a machine that nobody looked at; other hosts may be wherever they are."""
    login = {"user": "gonogo", "key": "KEY", "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA"}
    document = {
        "service": {"name": "S", "base_url": "https://a.test"},
        "hosts": {"a.test": {"addresses": addresses}, "www.a.test": {"addresses": ["192.0.2.1"]}},
        "digitalocean": {"token": "T", "droplets": {"one": ORDERED, "two": {**ORDERED, "id": 8}}},
        "servers": {name: {**login, **server} for name, server in servers.items()},
    }
    seen = replace(DROPLET, **more)
    other = replace(DROPLET, scope=("digitalocean", "two"), droplet=8, addresses=("203.0.113.11",))
    told = judge("droplet-addresses", droplet=seen, droplet_all=(seen, other), environment=environment_from(document))
    assert told is None if message is None else message in (told or "")


REMOVING = PendingChange(removing=True, status="waiting")
RETIRED = replace(IMAGE, slug="", status="retired")
RED: list[tuple[str, Changes, str]] = [
    ("droplet-found", {"found": False}, "has no droplet 7"),
    ("droplet-found", {"status": "off"}, "is off, not active"),
    ("droplet-locked", {"locked": True}, "is locked"),
    ("droplet-size", {"cpus": 1}, "processors: 1, not 2"),
    ("droplet-size", {"memory": 2 * GIB}, "2 GiB of memory, not 4 GiB"),
    ("droplet-size", {"disk": 50 * GIB}, "a disk of 50 GiB, not 80 GiB"),
    ("droplet-image", {"image": replace(IMAGE, slug="debian-12-x64")}, "from debian-12-x64, not ubuntu-22-04-x64"),
    ("droplet-image", {"image": replace(RETIRED, kind="snapshot", name="old")}, "from old, not ubuntu-22-04-x64"),
    ("droplet-image-offered", {"image": RETIRED}, "Ubuntu 22.04 (LTS) x64 is retired"),
    ("droplet-addresses", {"addresses": ("203.0.113.99",)}, "gives it 203.0.113.99; the hosts are declared at"),
    ("droplet-addresses", {"addresses": ()}, "no public address"),
    ("droplet-keys", {"account_keys": 0}, "no SSH key"),
    ("droplet-firewall", {"firewalls": ()}, "behind no cloud firewall"),
    ("droplet-firewall", firewall(status="failed"), "the cloud firewall web is failed, not succeeded"),
    (
        "droplet-firewall",
        firewall(status="failed", pending=(PendingChange(removing=False, status="failed"),)),
        "the rules of the cloud firewall web have not reached it (failed)",
    ),
    ("droplet-firewall", firewall(status="waiting", pending=(REMOVING,)), "is being removed from the cloud firewall"),
    ("droplet-firewall", inbound(opened("all")), "everybody in at all ports/tcp"),
    ("droplet-firewall", inbound(opened("23-25")), "23-25/tcp"),
    ("droplet-firewall", inbound(opened("53", "udp", ("::/0",))), "53/udp"),
    ("droplet-firewall", inbound(opened("27017", sources=HALVES)), "27017/tcp"),
    ("droplet-firewall", inbound(opened("27017", sources=("0.0.0.0/1",))), "27017/tcp"),
    (
        "droplet-firewall",
        inbound(opened("5000", sources=("1.0.0.0/8",)), opened("4000-6000", sources=("2.0.0.0/8",))),
        "at 5000/tcp",
    ),
    ("droplet-firewall", inbound(opened("27017", sources=("2000::/3",))), "27017/tcp"),
    ("droplet-firewall", inbound(opened("27017", sources=("0.0.0.0/2", "64.0.0.0/2", "128.0.0.0/1"))), "27017/tcp"),
    ("droplet-firewall", firewall(inbound=()), "no rule of the cloud firewall opens 22, 80, 443"),
    (
        "droplet-firewall-ports",
        firewall(inbound=(opened("22"), opened("443"))),
        "no rule of the cloud firewall opens 80",
    ),
    ("droplet-firewall-ports", inbound(opened("22", "udp")), "opens 22/udp"),
    ("droplet-alerts", {"alerts": ALERTS[:2]}, "about disk_utilization_percent (no policy is about this droplet)"),
    ("droplet-alerts", {"alerts": ALERTS[:2], "tagged": False}, "or the token lacks tag:read"),
    ("droplet-alerts", disk(enabled=False), "disk_utilization_percent (the policy is disabled)"),
    ("droplet-alerts", disk(recipients=0), "disk_utilization_percent (the policy has no recipient)"),
    ("droplet-alerts", disk(compare="LessThan", threshold=1), "fires at LessThan 1"),
    ("droplet-alerts", disk(threshold=99), "fires at GreaterThan 99"),
    ("droplet-alerts", disk(threshold=2), "fires above 2 %, which is always: it notifies once, and never again"),
    ("droplet-alerts", disk(threshold=None), "no threshold"),
    ("droplet-alerts", {"measured": False}, "without the metrics agent (do-agent) no policy about memory or disk"),
    ("droplet-snapshot", {"copies": ()}, "neither a snapshot nor a backup"),
    ("droplet-snapshot", {"copies": (AT - timedelta(hours=24, seconds=1),)}, "at most 1 d is allowed"),
    (
        "droplet-volume-snapshots",
        {"volumes": (Volume(id="506f", newest_snapshot=None),)},
        "volume 506f has no snapshot",
    ),
    (
        "droplet-volume-snapshots",
        {"volumes": (Volume(id="506f", newest_snapshot=AT - timedelta(days=2)),)},
        "the newest snapshot of its volume 506f is 2 d old",
    ),
]
GREEN: list[tuple[str, Changes, Changes]] = [
    ("droplet-image", {"image": RETIRED}, {}),
    ("droplet-image", {"image": replace(IMAGE, slug="", name="golden-7", kind="snapshot")}, {"image": "golden-7"}),
    ("droplet-addresses", {"addresses": ("2001:0db8:0::10",), "reserved_addresses": ("203.0.113.10",)}, {}),
    ("droplet-addresses", {"addresses": ("198.51.100.1",), "reserved_addresses": ("203.0.113.10",)}, {}),
    ("droplet-addresses", {"addresses": ("198.51.100.1",), "balancer_addresses": ("203.0.113.10",)}, {}),
    ("droplet-addresses", {"addresses": ("198.51.100.1",)}, {"serves_hosts": False}),
    ("droplet-addresses", unread("reserved_addresses", "balancer_addresses"), {}),
    ("droplet-firewall", firewall(status="waiting", pending_elsewhere=True), {}),
    ("droplet-firewall", {"firewalls": (FIREWALL, replace(FIREWALL, name="old", pending=(REMOVING,)))}, {}),
    ("droplet-firewall", inbound(opened("443", "udp")), {}),
    ("droplet-firewall", inbound(opened("9000", sources=("104.16.0.0/13", "172.64.0.0/13"))), {}),
    ("droplet-firewall", inbound(opened("9000", sources=("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))), {}),
    ("droplet-firewall", firewall(inbound=(opened("443"), opened("22", sources=("198.51.100.7/32",)))), {}),
    ("droplet-firewall-ports", inbound(opened("443", "udp")), {}),
    ("droplet-alerts", {"alerts": (*ALERTS, replace(CPU, enabled=False))}, {}),
    ("droplet-alerts", unread("alerts_by_tag"), {}),
    ("droplet-volume-snapshots", {"volumes": (Volume(id="506f", newest_snapshot=AT),)}, {}),
]
UNKNOWN: list[tuple[str, Changes, str]] = [
    ("droplet-size", {"memory": None}, "does not say how large"),
    ("droplet-image", {**unread("image"), "image": None}, "no image"),
    ("droplet-image", {"image": replace(RETIRED, distribution="", name="7 x64")}, "no longer has a slug"),
    ("droplet-addresses", {**unread("addresses"), "addresses": ()}, "no addresses"),
    ("droplet-addresses", {**unread("reserved_addresses"), "addresses": ("198.51.100.1",)}, "no reserved_addresses"),
    ("droplet-keys", {**unread("account_keys"), "account_keys": 0}, "no account_keys"),
    ("droplet-firewall", {**unread("firewalls"), "firewalls": ()}, "no firewalls"),
    ("droplet-firewall", inbound(opened("8000", sources=("the office",))), "is no network"),
    ("droplet-alerts", {**unread("alerts"), "alerts": ()}, "no alerts"),
    ("droplet-alerts", {**unread("measured"), "measured": None}, "no measured"),
    ("droplet-alerts", {**unread("alerts_by_tag"), "alerts": ()}, "no alerts_by_tag"),
    ("droplet-snapshot", {**unread("copies"), "copies": ()}, "no copies"),
    ("droplet-snapshot", {"copies": (AT + timedelta(days=3),)}, "in the future"),
    ("droplet-volume-snapshots", unread("volumes"), "no volumes"),
]


@pytest.mark.parametrize(("check", "changes", "message"), RED)
def test_one_thing_wrong_is_red(judge: Judge, check: str, changes: Changes, message: str) -> None:
    """A machine that is open, too small or without a way back would be launched."""
    assert judged(judge, check, DROPLET) is None
    assert message in (judged(judge, check, replace(DROPLET, **changes)) or "")


@pytest.mark.parametrize(("check", "changes", "declared"), GREEN)
def test_other_spellings_of_healthy_are_green(judge: Judge, check: str, changes: Changes, declared: Changes) -> None:
    """A machine that is set up another way would stop a launch for nothing."""
    assert judged(judge, check, replace(DROPLET, **changes), **declared) is None


@pytest.mark.parametrize(("check", "changes", "reason"), UNKNOWN)
def test_what_was_not_read_is_not_judged(judge: Judge, check: str, changes: Changes, reason: str) -> None:
    """Silence would count as success, or as a fault that nobody saw."""
    with pytest.raises(Unobserved, match=reason):
        judged(judge, check, replace(DROPLET, **changes))


def since_release(judge: Judge, copies: tuple[timedelta, ...], *, ran: timedelta | None, served: str) -> str | None:
    """What is said of copies of these ages, of a release that ran for so long."""
    exchange = Exchange(url="https://a.test/health", status=200, problem="", elapsed=timedelta())
    service = ServiceEvidence(
        scope=("a.test", "203.0.113.10"),
        taken_at=AT,
        connections=(),
        wanted=0,
        front=exchange,
        pages=(),
        releases=((ReleaseWord(where="release of /health", value=served),),),
        origins=(),
    )
    metrics = MetricsEvidence(
        scope=("a.test", "203.0.113.10"),
        taken_at=AT,
        without_token=None,
        exchange=exchange,
        parse_error="",
        samples=1,
        series=(),
        scrapes=(),
        starts=(None if ran is None else (AT - ran).timestamp(),),
    )
    return judge(
        "droplet-snapshot-before-release",
        droplet=replace(DROPLET, copies=tuple(AT - age for age in copies)),
        service_all=(service,),
        metrics_all=(metrics,),
        environment=environment(release="abc1234"),
    )


MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)


def test_a_copy_from_after_the_release_is_no_way_back(judge: Judge) -> None:
    """The only copy of a machine would hold the release that it should lead away from."""
    message = since_release(judge, (5 * MINUTES,), ran=HOURS, served="abc1234")
    assert "the newest copy is of" in (message or "")
    assert since_release(judge, (5 * MINUTES, 2 * HOURS), ran=HOURS, served="abc1234") is None
    assert since_release(judge, (5 * MINUTES, 48 * HOURS), ran=HOURS, served="abc1234def") is not None


def test_a_copy_from_before_a_deployment_is_enough(judge: Judge) -> None:
    """What is served is the release before, and the copy is of it; a release that has proved itself needs none."""
    assert since_release(judge, (5 * MINUTES,), ran=HOURS, served="0000000") is None
    assert since_release(judge, (5 * MINUTES,), ran=24 * 30 * HOURS, served="abc1234") is None
    with pytest.raises(Unobserved, match="does not say when it started"):
        since_release(judge, (5 * MINUTES,), ran=None, served="abc1234")
