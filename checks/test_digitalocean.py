"""The machines at DigitalOcean: what was ordered, what the cloud firewall lets in, what there is to go back to."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address

import pytest

from gonogo.base.comparing import above, at_least, at_most, below, decided, equal, nothing, shown, so, there
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.http import MetricsEvidence, ServiceEvidence
from gonogo.evidence.inbound import PortRange, is_opened, open_to_everybody
from gonogo.evidence.providers import CloudFirewall, DropletEvidence, DropletImage, InboundRule
from gonogo.families.digitalocean.section import DigitalOcean, Droplet
from gonogo.families.servers.section import Server
from gonogo.policy.catalogue import Policy

_APPLIED = "succeeded"
_HTTPS = 443
_WITHOUT_PORTS = "icmp"
_CLOCKS_DIFFER_BY = timedelta(minutes=5)


@pytest.mark.check("droplet-found")
def test_droplet_exists(droplet: DropletEvidence) -> None:
    """Without this droplet, no other check of it means anything.

    Fix: correct digitalocean.droplets.….id, or give the token access to the team that has it; power it on.
    """
    assert so(droplet.found, "droplet", "found", "not found"), (
        f"{droplet.name}: DigitalOcean has no droplet {droplet.droplet}"
    )
    assert equal(droplet.status, "active", "status"), (
        f"{droplet.name}: is {droplet.status or 'without a state'}, not active"
    )


@pytest.mark.check("droplet-locked")
def test_droplet_can_be_changed(droplet: DropletEvidence) -> None:
    """A locked droplet takes no snapshot and cannot be resized, restarted or restored.

    Fix: wait until the current action on it has ended; if it stays locked, ask DigitalOcean's support.
    """
    assert so(droplet.locked is not True, "locked", "no", "yes"), f"{droplet.name}: is locked"


@pytest.mark.check("droplet-size")
def test_droplet_is_as_large_as_ordered(droplet: DropletEvidence, environment: Environment) -> None:
    """A droplet that is smaller than ordered runs out of memory or processors under load.

    Fix: resize it in the control panel (Power off → Resize), or correct digitalocean.droplets in the environment file.
    """
    declared = _declared(droplet, environment)
    if droplet.cpus is None or droplet.memory is None or droplet.disk is None:
        raise Unobserved(f"{droplet.name}: DigitalOcean does not say how large it is")
    assert at_least(droplet.cpus, declared.cpus, "processors"), (
        f"{droplet.name}: processors: {droplet.cpus}, not {declared.cpus}"
    )
    assert at_least(droplet.memory, declared.memory, "memory", "B"), (
        f"{droplet.name}: has {_gib(droplet.memory)} of memory, not {_gib(declared.memory)}"
    )
    assert at_least(droplet.disk, declared.disk, "disk", "B"), (
        f"{droplet.name}: has a disk of {_gib(droplet.disk)}, not {_gib(declared.disk)}"
    )


@pytest.mark.check("droplet-image")
def test_droplet_was_built_from_the_declared_image(droplet: DropletEvidence, environment: Environment) -> None:
    """Another image is another operating system than the one that was tested.

    Fix: rebuild it from the declared image, or correct digitalocean.droplets in the environment file; an image of your
    own is declared by its name.
    """
    declared = _declared(droplet, environment).image
    droplet.require("image")
    image = droplet.image
    if image is None or not (image.slug or image.name):
        raise Unobserved(
            f"{droplet.name}: DigitalOcean shows neither slug nor name of the image that it was built from"
        )
    if image.slug or image.kind not in {"", "base"}:
        assert shown(declared in {image.slug, image.name}, "image", image.slug or image.name, declared), (
            f"{droplet.name}: was built from {image.slug or image.name}, not {declared}"
        )
    elif not equal(_former_slug(image), declared, "image, by its former slug"):
        raise Unobserved(
            f"{droplet.name}: was built from {image.distribution} {image.name}, which no longer has a slug, so it "
            f"cannot be compared with {declared}",
            hint="compare them by hand; server-os checks what the machine runs",
        )


@pytest.mark.check("droplet-image-offered")
def test_image_is_still_offered(droplet: DropletEvidence) -> None:
    """A machine whose image is retired cannot be built again from that image.

    Fix: take a snapshot of it to build others from, or move to an image that DigitalOcean offers.
    """
    droplet.require("image")
    image = droplet.image
    if image is None:
        decided("image", "none", "not retired")
        return
    assert shown(image.status != "retired", "image", image.status, "not retired"), (
        f"{droplet.name}: its image {image.distribution} {image.name} is retired"
    )


@pytest.mark.check("droplet-addresses")
def test_hosts_lead_to_the_droplet(
    droplet: DropletEvidence, droplet_all: tuple[DropletEvidence, ...], environment: Environment
) -> None:
    """Size and firewall of this droplet mean nothing if another machine serves the users, or some of them.

    Fix: correct the A records and hosts.….addresses, or digitalocean.droplets.….id; declare every droplet of a host, and
    in [servers] what stands elsewhere. For a droplet without a host (a worker, or one behind a CDN) declare
    serves_hosts = false.
    """
    if not _declared(droplet, environment).serves_hosts:
        return
    droplet.require("addresses")
    declared = {str(ip_address(address)) for host in environment.hosts.values() for address in host.addresses}
    own = _canonical(droplet.addresses)
    if own & declared:
        decided("addresses of the droplet", own, "one that the hosts are declared at")
        _no_stranger_beside(droplet, droplet_all, environment)
        return
    # Only now does it matter what else leads here.
    droplet.require("reserved_addresses", "balancer_addresses")
    others = _canonical((*droplet.reserved_addresses, *droplet.balancer_addresses))
    assert shown(others & declared, "addresses that lead to it", others, "one that the hosts are declared at"), (
        f"{droplet.name}: DigitalOcean gives it {', '.join(sorted(own | others)) or 'no public address'}; the hosts "
        f"are declared at {', '.join(sorted(declared)) or 'no address'}"
    )
    _no_stranger_beside(droplet, droplet_all, environment)


@pytest.mark.check("droplet-keys")
def test_account_has_ssh_keys(droplet: DropletEvidence) -> None:
    """Without a key, DigitalOcean sends a root password by mail, and switches passwords on.

    Fix: add a key under Settings → Security → SSH Keys.
    """
    droplet.require("account_keys")
    assert at_least(droplet.account_keys, 1, "SSH keys of the account"), (
        "the account has no SSH key: new droplets get a root password"
    )


@pytest.mark.check("droplet-firewall")
def test_cloud_firewall_lets_in_what_is_declared_only(droplet: DropletEvidence, environment: Environment) -> None:
    """The cloud firewall still protects when the server's own is off, and Docker cannot bypass it.

    Fix: Networking → Firewalls: put the droplet behind one, and delete the inbound rule that is named here. If a
    change did not reach the droplet, make it again.
    """
    droplet.require("firewalls")
    assert at_least(len(droplet.firewalls), 1, "cloud firewalls"), f"{droplet.name}: is behind no cloud firewall"
    _must_hold(droplet)
    declared = _section(environment).open_ports
    rules = _rules(droplet)
    wrong = [str(uncovered) for ports in _everybodys(rules) for uncovered in ports.without(declared)]
    assert nothing(wrong, "openings that are not declared"), (
        f"{droplet.name}: the cloud firewall lets everybody in at {', '.join(wrong)}"
    )
    closed = [port for port in declared if not is_opened(_lasting(droplet), "tcp", port)]
    assert not declared or below(len(closed), len(declared), "declared ports that are closed"), (
        f"{droplet.name}: no rule of the cloud firewall opens {', '.join(map(str, closed))}: nobody gets in"
    )


@pytest.mark.check("droplet-firewall-ports")
def test_cloud_firewall_opens_what_is_declared(droplet: DropletEvidence, environment: Environment) -> None:
    """A declared port that no rule opens is closed to users; a port that is open for UDP as well serves nobody.

    Fix: Networking → Firewalls: add or correct the inbound rule, or correct digitalocean.open_ports.
    """
    droplet.require("firewalls")
    rules, declared = _rules(droplet), _section(environment).open_ports
    closed = [str(port) for port in declared if not is_opened(_lasting(droplet), "tcp", port)]
    assert nothing(closed, "declared ports that are closed", of=len(declared)), (
        f"{droplet.name}: no rule of the cloud firewall opens {', '.join(closed)}"
    )
    # HTTP/3 is spoken over UDP.
    useless = [str(ports) for ports in open_to_everybody(rules, "udp") if (ports.first, ports.last) != (_HTTPS, _HTTPS)]
    assert nothing(useless, "ports opened for UDP"), (
        f"{droplet.name}: the cloud firewall opens {', '.join(useless)}; only TCP ports are declared"
    )


@pytest.mark.check("droplet-snapshot")
def test_there_is_something_to_go_back_to(droplet: DropletEvidence, environment: Environment) -> None:
    """A restore returns to the newest snapshot, however old it is.

    Fix: doctl compute droplet-action snapshot ID --wait, before the release is deployed; enable backups.
    """
    droplet.require("copies")
    newest = _newest(droplet, droplet.copies)
    assert there(newest, "snapshot or backup"), f"{droplet.name}: has neither a snapshot nor a backup"
    _young(f"{droplet.name}: the newest copy", newest, droplet, environment)


@pytest.mark.check("droplet-volume-snapshots")
def test_volumes_have_snapshots_too(droplet: DropletEvidence, environment: Environment) -> None:
    """A snapshot of a droplet does not contain its volumes, where the data is.

    Fix: doctl compute volume snapshot VOLUME --snapshot-name NAME, before the release is deployed.
    """
    droplet.require("volumes")
    if not droplet.volumes:
        decided("volumes", "none", "none without a snapshot")
    for volume in droplet.volumes:
        newest = _newest(droplet, (volume.newest_snapshot,) if volume.newest_snapshot else ())
        assert there(newest, "snapshots of volumes"), f"{droplet.name}: its volume {volume.id} has no snapshot"
        _young(f"{droplet.name}: the newest snapshot of its volume {volume.id}", newest, droplet, environment)


@pytest.mark.check("droplet-snapshot-before-release")
def test_a_copy_is_older_than_the_release(
    droplet: DropletEvidence,
    service_all: tuple[ServiceEvidence, ...],
    metrics_all: tuple[MetricsEvidence, ...],
    environment: Environment,
    policy: Policy,
) -> None:
    """A snapshot that was taken after the deployment contains the new release, and cannot undo it.

    Fix: keep a snapshot from before the deployment; next time, take it first, then deploy.
    """
    droplet.require("copies")
    wanted = environment.service.release
    if wanted is None or not all(_serves(service, wanted) for service in service_all):
        # The release under review is not deployed yet: every copy is from before it.
        decided("release under review", "not deployed yet", "a copy from before it")
        return
    starts = [metrics.started_at for metrics in metrics_all if metrics.started_at is not None]
    if not starts:
        raise Unobserved("the service does not say when it started", hint="its metrics can: process_start_time_seconds")
    began, allowed = min(starts), _section(environment).snapshot_age
    if droplet.taken_at - began > (launch := policy.duration("launch")):
        above(droplet.taken_at - began, launch, "release runs for")
        # Nobody turns back from a release that has proved itself.
        return
    before = [copy for copy in droplet.copies if timedelta() <= began - copy <= allowed]
    if before:
        at_most(began - max(before), allowed, "copy is older than the release by")
    newest = _newest(droplet, droplet.copies)
    assert shown(before or newest is None, "newest copy", _clock(newest), f"one from before {_clock(began)}"), (
        f"{droplet.name}: the newest copy is of {_clock(newest)}, and release {wanted} has been running since {_clock(began)}: there is "
        "no recent copy from before it"
    )


def _no_stranger_beside(
    droplet: DropletEvidence, droplets: tuple[DropletEvidence, ...], environment: Environment
) -> None:
    """Fail if a host that leads to this droplet leads to a machine that is none of the declared ones as well.

    Addresses of IPv4 alone: which reserved ones of IPv6 there are is not read.
    """
    own = _canonical(_leading(droplet))
    known = _canonical(tuple(address for other in droplets for address in _leading(other)))
    known |= {server.address for server in environment.table(Server).values()}
    beside = {
        f"{name} at {address}"
        for name, host in environment.hosts.items()
        if own & _canonical(host.addresses)
        for address in _canonical(host.addresses)
        if ip_address(address).version == 4 and address not in known  # noqa: PLR2004 - the version
    }
    if beside:
        for other in droplets:
            other.require("reserved_addresses", "balancer_addresses")
    assert nothing(beside, "addresses of other machines"), (
        f"{droplet.name}: {', '.join(sorted(beside))} is no declared droplet or server"
    )


def _leading(droplet: DropletEvidence) -> tuple[str, ...]:
    return (*droplet.addresses, *droplet.reserved_addresses, *droplet.balancer_addresses)


def _serves(service: ServiceEvidence, wanted: str) -> bool:
    """Whether this address names the release; commits are often cut short."""
    served = {word.value for words in service.releases for word in words if word.value}
    return any(wanted.startswith(value) or value.startswith(wanted) for value in served)


def _section(environment: Environment) -> DigitalOcean:
    return environment.require(DigitalOcean)


def _declared(droplet: DropletEvidence, environment: Environment) -> Droplet:
    return _section(environment).droplets[droplet.scope[1]]


def _canonical(addresses: tuple[str, ...]) -> set[str]:
    return {str(ip_address(address)) for address in addresses}


def _former_slug(image: DropletImage) -> str:
    """The slug that an image had when it was offered: Ubuntu, 22.04 (LTS) x64 → ubuntu-22-04-x64."""
    words = re.sub(r"\(.*?\)", " ", f"{image.distribution} {image.name}").casefold()
    return re.sub(r"[^a-z0-9]+", "-", words).strip("-")


def _must_hold(droplet: DropletEvidence) -> None:
    """Fail unless all rules have reached the droplet."""
    stuck = [fault for firewall in droplet.firewalls for fault in _not_applied(firewall)]
    assert nothing(stuck, "rules that have not reached it"), f"{droplet.name}: {', '.join(stuck)}"
    leaving = [firewall.name for firewall in droplet.firewalls if any(change.removing for change in firewall.pending)]
    assert below(len(leaving), len(droplet.firewalls), "firewalls that it is taken out of"), (
        f"{droplet.name}: is being removed from the cloud firewall {', '.join(leaving)}"
    )


def _not_applied(firewall: CloudFirewall) -> Iterator[str]:
    changes = [change for change in firewall.pending if not change.removing]
    for change in changes:
        yield f"the rules of the cloud firewall {firewall.name} have not reached it ({change.status or 'in no state'})"
    if not firewall.pending and not firewall.pending_elsewhere and firewall.status != _APPLIED:
        yield f"the cloud firewall {firewall.name} is {firewall.status or 'in no state'}, not {_APPLIED}"


def _rules(droplet: DropletEvidence) -> list[InboundRule]:
    return [rule for firewall in droplet.firewalls for rule in firewall.inbound]


def _lasting(droplet: DropletEvidence) -> list[InboundRule]:
    """Without the rules of a firewall that the droplet is being taken out of: what they open is closed in a moment."""
    staying = [firewall for firewall in droplet.firewalls if not any(change.removing for change in firewall.pending)]
    return [rule for firewall in staying for rule in firewall.inbound]


def _everybodys(rules: list[InboundRule]) -> Iterator[PortRange]:
    for protocol in sorted({rule.protocol for rule in rules} - {_WITHOUT_PORTS}):
        yield from open_to_everybody(rules, protocol)


def _newest(droplet: DropletEvidence, copies: tuple[datetime, ...]) -> datetime | None:
    newest = max(copies, default=None)
    if newest is not None and newest - droplet.taken_at > _CLOCKS_DIFFER_BY:
        raise Unobserved(
            f"{droplet.name}: a copy is dated {_clock(newest)}, which is in the future",
            hint="check the clock of this machine",
        )
    return newest


def _young(subject: str, at: datetime, droplet: DropletEvidence, environment: Environment) -> None:
    age, allowed = droplet.taken_at - at, _section(environment).snapshot_age
    assert at_most(age, allowed, "age of the newest snapshot" if "snapshot" in subject else "age of the newest copy"), (
        f"{subject} is {format_duration(age)} old; at most {format_duration(allowed)} is allowed"
    )


def _clock(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "no time"


def _gib(size: int) -> str:
    return f"{size / 2**30:.0f} GiB"
