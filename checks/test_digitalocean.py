"""The machines at DigitalOcean: what was ordered, what the cloud firewall lets in, who is told, what there is to go back to."""

import pytest

from gonogo.base.durations import format_duration
from gonogo.environment.model import Environment
from gonogo.evidence.providers import DropletEvidence, InboundRule
from gonogo.families.digitalocean.section import DigitalOcean, Droplet

_EVERYBODY = {"0.0.0.0/0", "::/0"}
_NEEDED = ("cpu", "memory_utilization_percent", "disk_utilization_percent")
_NO_PORTS = "icmp"


@pytest.mark.check("droplet-found")
def test_droplet_exists(droplet: DropletEvidence) -> None:
    """The machine that everything is about.

    Fix: correct digitalocean.droplets.….id, or give the token access to the team that has it; power it on.
    """
    assert droplet.found, f"{_name(droplet)}: DigitalOcean has no droplet {droplet.droplet}"
    assert droplet.status == "active", f"{_name(droplet)}: is {droplet.status or 'in no state'}, not active"


@pytest.mark.check("droplet-size")
def test_droplet_is_as_large_as_ordered(droplet: DropletEvidence, environment: Environment) -> None:
    """What is paid for, before anybody asks the machine itself.

    Fix: resize it in the control panel (Power off → Resize), or correct digitalocean.droplets in the environment file.
    """
    declared = _declared(droplet, environment)
    assert droplet.cpus >= declared.cpus, f"{_name(droplet)}: processors: {droplet.cpus}, not {declared.cpus}"
    assert droplet.memory >= declared.memory, (
        f"{_name(droplet)}: has {_gib(droplet.memory)} of memory, not {_gib(declared.memory)}"
    )
    assert droplet.disk >= declared.disk, (
        f"{_name(droplet)}: has a disk of {_gib(droplet.disk)}, not {_gib(declared.disk)}"
    )


@pytest.mark.check("droplet-image")
def test_droplet_was_built_from_the_declared_image(droplet: DropletEvidence, environment: Environment) -> None:
    """Another image is another operating system than the one that was tested.

    Fix: rebuild it from the declared image, or correct digitalocean.droplets in the environment file.
    """
    declared = _declared(droplet, environment)
    assert droplet.image == declared.image, (
        f"{_name(droplet)}: was built from {droplet.image or 'an image without a name'}, not {declared.image}"
    )


@pytest.mark.check("droplet-keys")
def test_account_has_ssh_keys(droplet: DropletEvidence) -> None:
    """Without a key, DigitalOcean sends a root password by mail, and switches passwords on.

    Fix: add a key under Settings → Security → SSH Keys.
    """
    assert droplet.account_keys, "the account has no SSH key: new droplets get a root password"


@pytest.mark.check("droplet-firewall")
def test_cloud_firewall_lets_in_what_is_declared_only(droplet: DropletEvidence, environment: Environment) -> None:
    """The cloud's firewall holds when the machine's own is off, and Docker does not write past it.

    Fix: Networking → Firewalls: put the droplet behind one, and delete the inbound rule that is named here.
    """
    assert droplet.firewalls, f"{_name(droplet)}: is behind no cloud firewall"
    ports = set(_section(environment).open_ports)
    wrong = [
        _told(rule) for rule in droplet.inbound if _EVERYBODY.intersection(rule.sources) and not _fits(rule, ports)
    ]
    assert not wrong, f"{_name(droplet)}: the cloud firewall lets everybody in at {', '.join(wrong)}"


@pytest.mark.check("droplet-alerts")
def test_somebody_is_told_when_it_runs_full(droplet: DropletEvidence) -> None:
    """Memory and disks fill slowly, and at night.

    Fix: Monitoring → Create Alert Policy: CPU, memory and disk utilization of this droplet, with a mail or a channel.
    """
    told = {alert.kind for alert in droplet.alerts if alert.enabled and alert.recipients}
    missing = [kind for kind in _NEEDED if kind not in told]
    assert not missing, f"{_name(droplet)}: nobody is told about {', '.join(missing)}"


@pytest.mark.check("droplet-snapshot")
def test_there_is_something_to_go_back_to(droplet: DropletEvidence, environment: Environment) -> None:
    """The way back is as old as the newest copy.

    Fix: doctl compute droplet-action snapshot ID --wait, before the release is deployed; enable backups.
    """
    newest, allowed = droplet.newest_snapshot, _section(environment).snapshot_age
    assert newest is not None, f"{_name(droplet)}: has neither a snapshot nor a backup"
    age = droplet.taken_at - newest
    assert age <= allowed, (
        f"{_name(droplet)}: the newest copy is {format_duration(age)} old, {format_duration(allowed)} are allowed"
    )


def _section(environment: Environment) -> DigitalOcean:
    return environment.require(DigitalOcean)


def _declared(droplet: DropletEvidence, environment: Environment) -> Droplet:
    return _section(environment).droplets[droplet.scope[1]]


def _name(droplet: DropletEvidence) -> str:
    return f"{droplet.scope[1]} ({droplet.droplet})"


def _fits(rule: InboundRule, ports: set[int]) -> bool:
    return rule.protocol == _NO_PORTS or (rule.ports.isdecimal() and int(rule.ports) in ports)


def _told(rule: InboundRule) -> str:
    return f"{'all ports' if rule.ports == 'all' else rule.ports}/{rule.protocol}"


def _gib(size: int) -> str:
    return f"{size / 2**30:.0f} GiB"
