"""A server, judged on literal facts."""

from dataclasses import replace
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.server import (
    Firewall,
    FirewallRule,
    LogFile,
    Login,
    Rotation,
    RunningProcess,
    ServerEvidence,
    Unseen,
)
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

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
    logins=(Login(user="root", methods=("publickey",)),),
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
        ),
    ),
    jails=("sshd",),
    updates={"Update-Package-Lists": "1", "Unattended-Upgrade": "1"},
    units={"nginx.service": "active", "certbot.timer": "active", "apt-daily-upgrade.timer": "active"},
    containers={"api": "Up 3 days (healthy)"},
    processes=(RunningProcess(name="uvicorn", user="workme"),),
    logs=(LogFile(path=LOG, size=9, silent=600),),
    rotation=Rotation(considered=(LOG,)),
)


def environment(**changes: object) -> Environment:
    """One server."""
    service = {"name": "S", "base_url": "https://a.test"}
    return environment_from({"service": service, "servers": {"one": {**DECLARED, **changes}}})


def judged(judge: Judge, check: str, server: ServerEvidence, **declared: object) -> str | None:
    """With the environment, where the check asks for it."""
    try:
        return judge(check, server=server, environment=environment(**declared))
    except TypeError:
        return judge(check, server=server)


def opened(to: str) -> Firewall:
    """For everybody."""
    return Firewall(active=True, incoming="deny", rules=(FirewallRule(to=to, action="ALLOW IN", source="Anywhere"),))


RED: list[tuple[str, dict[str, Any], str]] = [
    ("server-login-methods", {"logins": (Login(user="root", methods=("password", "publickey")),)}, "by password"),
    ("server-login-methods", {"logins": (Login(user="x", methods=()),)}, "no way to log in"),
    ("server-sshd", {"sshd": {**SSHD, "passwordauthentication": "yes"}}, "passwordauthentication yes"),
    ("server-sshd", {"sshd": {**SSHD, "challengeresponseauthentication": "yes"}}, "kbdinteractiveauthentication yes"),
    ("server-sshd", {"sshd": {**SSHD, "permitrootlogin": "yes"}}, "permitrootlogin yes"),
    ("server-sshd", {"sshd": {"permitrootlogin": "no"}}, "passwordauthentication at its default"),
    ("server-sshd", {"sshd": {**SSHD, "permitrootlogin": ""}}, "permitrootlogin at its default"),
    ("server-os", {"os": "Ubuntu 20.04"}, "runs Ubuntu 20.04, not Ubuntu 22.04"),
    ("server-size", {"cpus": 1}, "processors: 1, not 2"),
    ("server-size", {"memory": 2 * GIB}, "2.0 GiB of memory, not 4.0 GiB"),
    ("server-size", {"disk": 50 * GIB}, "50.0 GiB, not 80.0 GiB"),
    ("server-room", {"disk_used": 0.9}, "disk is 90% full"),
    ("server-room", {"memory_used": 0.95}, "95% of the memory"),
    ("server-room", {"load": 1.8}, "1.80 processes want 2 processors"),
    ("server-firewall", {"firewall": None}, "ufw is not installed"),
    ("server-firewall", {"firewall": Firewall(active=False)}, "not active"),
    ("server-firewall", {"firewall": Firewall(active=True, incoming="allow")}, "would allow"),
    ("server-firewall", {"firewall": opened("5432")}, "everybody in at 5432"),
    ("server-firewall", {"firewall": opened("Anywhere")}, "everybody in at Anywhere"),
    ("server-firewall", {"firewall": opened("22:25/tcp")}, "22:25/tcp"),
    ("server-firewall", {"firewall": opened("80,8080/tcp")}, "80,8080/tcp"),
    ("server-firewall", {"firewall": opened("9000 on eth0")}, "9000 on eth0"),
    ("server-bans", {"jails": None}, "fail2ban is not installed"),
    ("server-bans", {"jails": ("nginx",)}, "no active jail sshd"),
    ("server-updates", {"updates": {"Update-Package-Lists": "1"}}, "Unattended-Upgrade"),
    ("server-updates", {"units": {"apt-daily-upgrade.timer": "inactive"}}, "apt-daily-upgrade.timer is inactive"),
    ("server-non-root", {"processes": ()}, "no process uvicorn is running"),
    ("server-non-root", {"processes": (RunningProcess(name="uvicorn", user="root"),)}, "runs as root"),
    ("server-services", {"units": {"nginx.service": "failed"}}, "nginx.service is failed"),
    ("server-services", {"containers": {}}, "no container api"),
    ("server-services", {"containers": {"api": "Up 3 minutes (unhealthy)"}}, "not well"),
    ("server-services", {"containers": {"api": "Exited (1) 2 hours ago"}}, "not well"),
    ("server-renewal", {"units": {"certbot.timer": "not-found"}}, "certbot.timer is not-found"),
    ("server-logs-written", {"logs": (LogFile(path=LOG),)}, f"there is no {LOG}"),
    ("server-logs-written", {"logs": (LogFile(path=LOG, size=1, silent=601),)}, "for 601 s"),
    ("server-logs-rotated", {"rotation": None}, "logrotate is not installed"),
    ("server-logs-rotated", {"rotation": Rotation(errors=("broken:3 unknown",))}, "logrotate says: broken:3 unknown"),
]


@pytest.mark.parametrize(("check", "changes", "said"), RED)
def test_red_and_green(judge: Judge, check: str, changes: dict[str, Any], said: str) -> None:
    """Green as it should be, red with one thing wrong; the message names the server."""
    assert judged(judge, check, WELL) is None
    message = judged(judge, check, replace(WELL, **changes))
    assert message is not None
    assert said in message
    assert message.startswith("192.0.2.7:22")


@pytest.mark.parametrize(
    ("check", "changes"),
    [
        ("server-sshd", {"sshd": None}),
        ("server-os", {"os": None}),
        ("server-size", {"memory": None}),
        ("server-room", {"load": None}),
        ("server-updates", {"updates": None}),
        ("server-services", {"units": {}}),
        ("server-services", {"containers": None}),
        ("server-renewal", {"units": {}}),
        ("server-logs-written", {"logs": None}),
        *(
            (check, {what: None, "unseen": (Unseen(what=what, said="sudo: a password is required"),)})
            for check, what in (
                ("server-firewall", "firewall"),
                ("server-bans", "jails"),
                ("server-logs-rotated", "rotation"),
            )
        ),
    ],
)
def test_what_is_not_shown_is_no_failure(judge: Judge, check: str, changes: dict[str, Any]) -> None:
    """ERROR: nobody knows."""
    with pytest.raises(Unobserved, match=r"192\.0\.2\.7:22 does not show"):
        judged(judge, check, replace(WELL, **changes))


@pytest.mark.parametrize(
    ("check", "declared"),
    [
        ("server-os", {"os": None}),
        ("server-size", {"disk": None}),
        ("server-non-root", {"processes": []}),
        ("server-services", {"units": [], "containers": []}),
        ("server-renewal", {"renewal": None}),
        ("server-logs-written", {"logs": []}),
        ("server-logs-rotated", {"logs": []}),
    ],
)
def test_what_is_not_declared_cannot_be_judged(judge: Judge, check: str, declared: dict[str, Any]) -> None:
    """Silence is no expectation."""
    with pytest.raises(Unobserved, match=r"servers\.one does not say what to expect"):
        judged(judge, check, WELL, **declared)
