"""A server, judged on literal facts."""

from dataclasses import replace
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.firewall import Firewall, FirewallRule
from gonogo.evidence.server import (
    Container,
    JailLogs,
    LogFile,
    LoginOffer,
    Rotation,
    RunningProcess,
    ServerEvidence,
    SshdException,
    Unseen,
)
from tests.checks.conftest import Judge
from tests.support.server_literals import GIB, LOG, SSHD, WELL, environment

KEY_AND_CODE = "publickey,keyboard-interactive"


def judged(judge: Judge, check: str, server: ServerEvidence, **declared: object) -> str | None:
    """With the environment, where the check asks for it."""
    try:
        return judge(check, server=server, environment=environment(**declared))
    except TypeError:
        return judge(check, server=server)


def opened(to: str, *sources: str, action: str = "ALLOW IN") -> Firewall:
    """For everybody, or for these."""
    rules = (FirewallRule(to=to, action=action, source=source) for source in sources or ("Anywhere",))
    return Firewall(active=True, incoming="deny", rules=tuple(rules), beside=())


def beside(to: str, chain: str = "ufw-before-input") -> Firewall:
    """A rule that ufw does not list."""
    rule = FirewallRule(to=to, action=f"ACCEPT {chain}", source="Anywhere")
    return Firewall(active=True, incoming="deny", beside=(rule,))


def treated(user: str, connection: str, block: str, **settings: str) -> dict[str, Any]:
    """Somebody whom sshd treats otherwise."""
    exception = SshdException(user=user, connection=connection, blocks=(block,), settings={**SSHD, **settings})
    return {"sshd_exceptions": (exception,)}


def reading(*files: LogFile, journal: str = "") -> dict[str, Any]:
    """What the jail reads."""
    return {"jail_logs": (JailLogs(name="sshd", files=files, journal=journal),)}


RED: list[tuple[str, dict[str, Any], str]] = [
    ("server-login-methods", {"logins": (LoginOffer(user="root", methods=("password", "publickey")),)}, "by password"),
    ("server-login-methods", {"logins": (LoginOffer(user="x", methods=()),)}, "no way to log in"),
    ("server-sshd", {"sshd": {**SSHD, "passwordauthentication": "yes"}}, "passwordauthentication yes"),
    ("server-sshd", {"sshd": {**SSHD, "challengeresponseauthentication": "yes"}}, "kbdinteractiveauthentication yes"),
    ("server-sshd", {"sshd": {**SSHD, "permitrootlogin": "yes"}}, "permitrootlogin yes"),
    ("server-sshd", {"sshd": {"permitrootlogin": "no"}}, "passwordauthentication at its default"),
    ("server-sshd", {"sshd": {**SSHD, "permitrootlogin": ""}}, "permitrootlogin at its default"),
    (
        "server-sshd",
        treated("deploy", "", "User deploy", passwordauthentication="yes"),
        "for deploy, by Match User deploy: sshd has passwordauthentication yes",
    ),
    (
        "server-sshd",
        treated("root", "from 10.0.0.1", "Address 10.0.0.0/8", permitrootlogin="yes"),
        "for root (from 10.0.0.1), by Match Address 10.0.0.0/8: sshd has permitrootlogin yes",
    ),
    (
        "server-sshd",
        {"sshd": {**SSHD, "passwordauthentication": "yes", "authenticationmethods": "publickey password"}},
        "passwordauthentication yes",
    ),
    ("server-os", {"os": "Ubuntu 20.04"}, "runs Ubuntu 20.04, not Ubuntu 22.04"),
    ("server-size", {"cpus": 1}, "processors: 1, not 2"),
    ("server-size", {"memory": 2 * GIB}, "2.0 GiB of memory, not 4.0 GiB"),
    ("server-size", {"disk": 50 * GIB}, "50.0 GiB, not 80.0 GiB"),
    ("server-room", {"disk_used": 0.9}, "disk is 90% full"),
    ("server-room", {"memory_used": 0.95}, "95% of the memory"),
    ("server-room", {"load": 1.8}, "1.80 processes need 2 processors"),
    ("server-firewall", {"firewall": None}, "ufw is not installed"),
    ("server-firewall", {"firewall": Firewall(active=False)}, "not active"),
    ("server-firewall", {"firewall": Firewall(active=True, incoming="allow")}, "would allow"),
    ("server-firewall", {"firewall": opened("5432")}, "everybody in at 5432"),
    ("server-firewall", {"firewall": opened("Anywhere")}, "everybody in at Anywhere"),
    ("server-firewall", {"firewall": opened("22:25/tcp")}, "22:25/tcp"),
    ("server-firewall", {"firewall": opened("80,8080/tcp")}, "80,8080/tcp"),
    ("server-firewall", {"firewall": opened("9000 on eth0")}, "9000 on eth0"),
    ("server-firewall", {"firewall": opened("27017", "0.0.0.0/1", "128.0.0.0/1")}, "lets everybody in at 27017"),
    ("server-firewall", {"firewall": opened("27017", "64.0.0.0/2")}, "lets 25% of the internet in at 27017"),
    ("server-firewall", {"firewall": opened("5432", "2000::/4", "3000::/4")}, "lets everybody in at 5432"),
    (
        "server-firewall",
        {"firewall": opened("27017 on br-uplink"), "uplinks": ("br-uplink",)},
        "everybody in at 27017 on br-uplink",
    ),
    (
        "server-firewall",
        {"firewall": opened("27017/tcp", action="ALLOW FWD")},
        "forwards everybody to 27017/tcp",
    ),
    (
        "server-firewall",
        {"firewall": beside("27017/tcp")},
        "at 27017/tcp, by a rule of ufw-before-input that ufw status does not list",
    ),
    ("server-firewall", {"firewall": beside("3306/tcp", "FORWARD")}, "forwards everybody to 3306/tcp"),
    (
        "server-firewall",
        {
            "firewall": replace(
                opened("25", action="DENY IN"), loaded=opened("25/tcp", action="ACCEPT ufw-user-input").rules
            )
        },
        "at 25/tcp, by a rule of ufw-user-input that ufw status does not list",
    ),
    (
        "server-firewall",
        {
            "firewall": Firewall(
                active=True, incoming="deny", at_start=opened("25/tcp", action="RESTORE c /etc/f").rules
            )
        },
        "at 25/tcp, by a rule of c in /etc/f, which ufw loads at its next start or reload",
    ),
    ("server-firewall", {"firewall": Firewall(active=True, incoming="deny", enabled=False)}, "ENABLED=no"),
    *(
        ("server-firewall", {"firewall": Firewall(active=True, incoming="deny", rules=rules)}, "everybody")
        for rules in (
            (*opened("25/udp", action="DENY IN").rules, *opened("25").rules),
            (*opened("25", action="DENY IN").rules, *opened("25 (v6)", "Anywhere (v6)").rules),
            (*opened("25", action="DENY IN").rules, *opened("25", action="ALLOW FWD").rules),
        )
    ),
    (
        "server-bans",
        reading(LogFile(path="/var/log/old.log", size=9, silent=30 * 86400)),
        "jail sshd reads /var/log/old.log, to which nothing was written for 30 d",
    ),
    ("server-bans", reading(LogFile(path="/var/log/auth.log")), "reads /var/log/auth.log, which is not there"),
    ("server-bans", reading(), "reads no log at all"),
    ("server-bans", reading(LogFile(path=LOG, size=9, silent=3600)), "nothing was written for"),
    ("server-bans", {"jails": None}, "fail2ban is not installed"),
    ("server-bans", {"jails": ("nginx",)}, "no active jail sshd"),
    ("server-updates", {"updates": {"Update-Package-Lists": "1"}}, "Unattended-Upgrade"),
    (
        "server-updates",
        {"updates": {"Update-Package-Lists": "1", "Unattended-Upgrade": "1", "Enable": "0"}},
        'APT::Periodic::Enable is "0"',
    ),
    (
        "server-updates",
        {"updates": {"Update-Package-Lists": "1", "Unattended-Upgrade": "30"}},
        'runs Unattended-Upgrade every "30" days',
    ),
    ("server-updates", {"upgrader": "rc"}, "unattended-upgrades is not installed"),
    ("server-updates", {"upgrader": ""}, "unattended-upgrades is not installed"),
    ("server-updates", {"upgrade_origins": ()}, "only from: nowhere"),
    ("server-updates", {"upgraded": 9 * 86400}, "last ran 9 d ago"),
    ("server-updates", {"failures": {"apt-daily-upgrade.service": "exit-code"}}, "upgrade failed: exit-code"),
    (
        "server-updates",
        {"units": {"apt-daily.timer": "active", "apt-daily-upgrade.timer": "inactive"}},
        "apt-daily-upgrade.timer is inactive",
    ),
    (
        "server-renewal",
        {"failures": {"certbot.service": "exit-code, Mon 2026-01-12 03:00:01 UTC"}},
        "the last renewal failed: certbot.service: exit-code, Mon 2026-01-12",
    ),
    ("server-services", {"containers": {"api": Container(status="Up 1 second", restarts=214)}}, "after 214 restarts"),
    ("server-services", {"containers": {"api": Container(status="Up 3 days (Paused)")}}, "does not run well"),
    (
        "server-logs-rotated",
        {"rotation": Rotation(considered=(LOG,), skipped={LOG: "skipping because insecure"})},
        "is not rotated; logrotate says: skipping because insecure",
    ),
    (
        "server-logs-rotated",
        {"rotation": Rotation(considered=(LOG,), errors=("workme:4 unknown option 'nonsense' -- ignoring line",))},
        "logrotate says: workme:4 unknown option",
    ),
    (
        "server-logs-rotated",
        {"units": {"logrotate.timer": "inactive", "cron.service": "active"}},
        "nothing runs logrotate",
    ),
    ("server-non-root", {"processes": ()}, "no process uvicorn is running"),
    ("server-non-root", {"processes": (RunningProcess(name="uvicorn", user="root"),)}, "runs as root"),
    ("server-services", {"units": {"nginx.service": "failed"}}, "nginx.service is failed"),
    ("server-services", {"containers": {}}, "no container api"),
    ("server-services", {"containers": {"api": Container(status="Up 3 minutes (unhealthy)")}}, "does not run well"),
    ("server-services", {"containers": {"api": Container(status="Exited (1) 2 hours ago")}}, "does not run well"),
    ("server-renewal", {"units": {"certbot.timer": "not-found"}}, "certbot.timer is not-found"),
    ("server-logs-written", {"logs": (LogFile(path=LOG),)}, f"there is no {LOG}"),
    ("server-logs-written", {"logs": (LogFile(path=LOG, size=1, silent=601),)}, "for 601 s"),
    (
        "server-services",
        {"containers": {"api": Container(status="Up 3 weeks (health: starting)")}},
        "does not run well",
    ),
    ("server-services", {"units": {"nginx.service": "exited"}}, "nginx.service is exited"),
    ("server-renewal", {"units": {"certbot.timer": "elapsed"}}, "certbot.timer is elapsed"),
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
    ("log", "words"),
    [
        (LogFile(path=LOG, size=0, silent=5), "is empty"),
        (LogFile(path=LOG, size=9, silent=-900), "is dated in the future"),
    ],
)
def test_log_that_says_nothing_of_now(judge: Judge, log: LogFile, words: str) -> None:
    """A file that logrotate has just made, and a clock that goes wrong: nobody knows whether the service writes."""
    with pytest.raises(Unobserved, match=words):
        judged(judge, "server-logs-written", replace(WELL, logs=(log,)))


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
            (check, {part: None, "unseen": (Unseen(what=part, said="sudo: a password is required"),)})
            for check, part in (
                ("server-firewall", "firewall"),
                ("server-bans", "jails"),
                ("server-logs-rotated", "rotation"),
                ("server-bans", "jail_logs"),
            )
        ),
        ("server-firewall", {"unseen": (Unseen(what="filter", said="sudo: a password is required"),)}),
        ("server-sshd", {"unseen": (Unseen(what="sshd", said="sudo: a password is required"),)}),
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


@pytest.mark.parametrize(
    ("check", "changes", "declared"),
    [
        (
            "server-sshd",
            {"sshd": {**SSHD, "kbdinteractiveauthentication": "yes", "authenticationmethods": KEY_AND_CODE}},
            {},
        ),
        ("server-sshd", treated("deploy", "", "User deploy", permitrootlogin="yes"), {}),
        ("server-sshd", treated("root", "", "User root", passwordauthentication="yes"), {}),
        ("server-bans", reading(LogFile(path="/x.log", size=1, silent=30 * 86400)), {"jail_logs": {"sshd": "/x.log"}}),
        ("server-services", {"containers": {"api": Container(status="Up 2 seconds", restarts=0)}}, {}),
        ("server-updates", {"updates": {"Update-Package-Lists": "always", "Unattended-Upgrade": "12h"}}, {}),
        ("server-updates", {"upgraded": None, "upgrade_origins": None}, {}),
        ("server-updates", {"upgrade_origins": ("origin=*",)}, {}),
        ("server-logs-rotated", {"units": {"logrotate.timer": "not-found", "cron.service": "active"}}, {}),
        ("server-logs-rotated", {"units": {}}, {}),
    ],
)
def test_healthy_in_another_way(judge: Judge, check: str, changes: dict[str, Any], declared: dict[str, Any]) -> None:
    """A second factor beside the key, a quiet log that somebody vouches for: no cause for a NO-GO."""
    assert judged(judge, check, replace(WELL, **changes), **declared) is None


def test_jail_that_does_not_read_the_declared_log(judge: Judge) -> None:
    """The API moved to Docker, and its jail looks at what it left behind."""
    seen = replace(WELL, **reading(LogFile(path="/var/log/old.log", size=9, silent=5)))
    message = judged(judge, "server-bans", seen, jail_logs={"sshd": LOG})
    assert message == f"192.0.2.7:22: fail2ban's jail sshd does not read {LOG}, but /var/log/old.log"


def test_bridge_that_may_lead_anywhere(judge: Judge) -> None:
    """Nobody said which interface is the uplink: a bridge may be."""
    seen = replace(WELL, uplinks=None, firewall=opened("27017 on br-uplink"))
    with pytest.raises(Unobserved, match="it is not known whether br-uplink leads to the internet"):
        judged(judge, "server-firewall", seen)
