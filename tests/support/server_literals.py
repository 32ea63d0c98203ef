"""A server that is well, as evidence, and what is declared of it."""

from typing import Any

from gonogo.environment.model import Environment
from gonogo.evidence.firewall import Firewall, FirewallRule
from gonogo.evidence.server import (
    Container,
    JailLogs,
    LogFile,
    LoginOffer,
    Rotation,
    RunningProcess,
    ServerEvidence,
)
from gonogo.families.registry import environment_from
from tests.support.dns_literals import AT

GIB = 2**30
LOG = "/var/log/workme/api.log"
DECLARED: dict[str, Any] = {
    "address": "192.0.2.7",
    "user": "gonogo",
    "key": "SERVER_KEY",
    "host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAA",
    "os": "Ubuntu 22.04",
    "cpus": 2,
    "memory": "4 GiB",
    "disk": "80 GiB",
    "units": ["nginx.service"],
    "containers": ["api"],
    "processes": ["uvicorn"],
    "renewal": "certbot.timer",
    "logs": [LOG],
}
SSHD = {
    "passwordauthentication": "no",
    "challengeresponseauthentication": "no",
    "permitemptypasswords": "no",
    "permitrootlogin": "no",
}
WELL = ServerEvidence(
    scope=("servers", "one"),
    taken_at=AT,
    address="192.0.2.7:22",
    logins=(LoginOffer(user="root", methods=("publickey",)),),
    os="Ubuntu 22.04",
    cpus=2,
    memory=round(3.8 * GIB),
    memory_used=0.5,
    disk=77 * GIB,
    disk_used=0.3,
    load=0.4,
    sshd=SSHD,
    firewall=Firewall(
        active=True,
        incoming="deny",
        rules=(
            FirewallRule(to="22/tcp", action="LIMIT IN", source="Anywhere"),
            FirewallRule(to="80,443/tcp (Nginx Full (v6))", action="ALLOW IN", source="Anywhere (v6)"),
            FirewallRule(to="6379", action="ALLOW IN", source="10.0.0.0/8"),
            FirewallRule(to="Anywhere on wg0", action="ALLOW IN", source="Anywhere"),
            FirewallRule(to="25", action="DENY IN", source="Anywhere"),
            FirewallRule(to="25", action="ALLOW IN", source="Anywhere"),
            FirewallRule(to="203.0.113.10 443/tcp", action="ALLOW IN", source="Anywhere"),
            FirewallRule(to="9000 on eth1", action="ALLOW IN", source="Anywhere"),
            FirewallRule(to="10.0.0.5 80/tcp", action="ALLOW FWD", source="Anywhere"),
            FirewallRule(to="Anywhere", action="ALLOW FWD", source="Anywhere on wg0"),
            FirewallRule(to="Anywhere/esp", action="ALLOW IN", source="Anywhere/esp"),
        ),
        beside=(
            FirewallRule(to="Anywhere on lo", action="ACCEPT ufw-before-input", source="Anywhere"),
            FirewallRule(to="224.0.0.251 5353/udp", action="ACCEPT ufw-before-input", source="Anywhere"),
            FirewallRule(to="443/tcp", action="ACCEPT INPUT", source="Anywhere"),
            FirewallRule(to="Anywhere", action="ACCEPT FORWARD", source="Anywhere on docker0"),
        ),
    ),
    uplinks=("eth0",),
    jails=("sshd",),
    jail_logs=(JailLogs(name="sshd", journal="_SYSTEMD_UNIT=ssh.service"),),
    updates={"Update-Package-Lists": "1", "Unattended-Upgrade": "1"},
    upgrader="ii",
    upgrade_origins=("${distro_id}:${distro_codename}-security",),
    upgraded=20 * 3600,
    units={
        "nginx.service": "active",
        "certbot.timer": "active",
        "apt-daily.timer": "active",
        "apt-daily-upgrade.timer": "active",
        "logrotate.timer": "active",
    },
    containers={"api": Container(status="Up 3 days (healthy)", restarts=4)},
    processes=(RunningProcess(name="uvicorn", user="workme"),),
    logs=(LogFile(path=LOG, size=9, silent=600),),
    rotation=Rotation(considered=(LOG,)),
)


def environment(**changes: object) -> Environment:
    """One server."""
    service = {"name": "S", "base_url": "https://a.test"}
    return environment_from({"service": service, "servers": {"one": {**DECLARED, **changes}}})
