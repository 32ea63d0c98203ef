"""The commands that a server is asked with, and how each answer is read. Every command only reads."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from gonogo.base.errors import Unobserved
from gonogo.clients.ssh import CommandOutput, Shell, SshServer
from gonogo.evidence.server import LogFile, ServerEvidence, SshdException, Unseen
from gonogo.families.servers import docker_facts, facts, firewall_facts, sshd_facts
from gonogo.families.servers.section import Server

UPDATES_TIMER = "apt-daily-upgrade.timer"
"""Which installs what unattended-upgrades chose (Debian, Ubuntu)."""
_TIMETABLES = ("apt-daily.timer", UPDATES_TIMER, "logrotate.timer", "cron.service")
_RESULTS = ("apt-daily-upgrade.service", "logrotate.service")
_STAMP = "/var/lib/apt/periodic/unattended-upgrades-stamp"
_PROPERTIES = "LoadState,ActiveState,SubState,Type,Result,ExecMainExitTimestamp"
_MOST_LOGINS = 150
"""Questions to sshd about users and connections; each takes it some hundredths of a second."""
_INSPECT = "docker inspect --format '{{.Name}}|{{.RestartCount}}' -- "
Fact = TypeVar("Fact")
Reader = Callable[[CommandOutput], Fact | None]
"""Reads the output of a command; None if it is something else."""
Place = Callable[[ServerEvidence, Fact], ServerEvidence]
"""Puts a fact into the evidence."""


class Survey:
    """Everything that one server is asked."""

    def __init__(self, shell: Shell, declared: Server, ssh: SshServer, blank: ServerEvidence) -> None:
        self._shell = shell
        self._declared = declared
        self._ssh = ssh
        self._evidence = blank
        self._shown = False
        """Whether anything was shown to us."""
        self._unseen: list[Unseen] = []

    async def all(self) -> ServerEvidence:
        """The evidence with every fact that could be read, and with what we were not shown."""
        surveys = {**self._machine(), **self._protection(), **self._running()}
        await asyncio.gather(*(self._alone(name, work) for name, work in surveys.items()))
        if not self._shown:
            raise Unobserved(f"{self._ssh.address} shows nothing: {self._unseen[0].said}")
        return replace(self._evidence, unseen=tuple(sorted(self._unseen, key=lambda unseen: unseen.what)))

    def _keep(self, evidence: ServerEvidence) -> None:
        """The evidence with one more fact.

        The parts of the survey run side by side on one event loop. An ``await`` between reading ``_evidence`` and
        this would let another part put its fact in between, and this one would then overwrite it.
        """
        self._evidence, self._shown = evidence, True

    async def _alone(self, name: str, work: Awaitable[None]) -> None:
        """Do one part of the survey: if it cannot be read, that fact alone is noted as unseen."""
        try:
            await work
        except Unobserved as error:
            self._unseen.append(Unseen(what=name, said=error.reason))

    def _machine(self) -> Mapping[str, Awaitable[None]]:
        """Return what the machine has: system, processors, memory, disk, load."""
        return {
            "os": self._fact(
                "os", "cat /etc/os-release", facts.os_release, lambda server, name: replace(server, os=name)
            ),
            "codename": self._fact(
                "codename",
                "cat /etc/os-release",
                facts.codename,
                lambda server, name: replace(server, codename=name),
            ),
            "cpus": self._fact("cpus", "nproc", facts.number, lambda server, number: replace(server, cpus=number)),
            "memory": self._size(
                "memory",
                "cat /proc/meminfo",
                facts.memory,
                lambda server, memory: replace(server, memory=memory[0], memory_used=memory[1]),
            ),
            "disk": self._size(
                "disk", "df -P -B1 /", facts.disk, lambda server, disk: replace(server, disk=disk[0], disk_used=disk[1])
            ),
            "load": self._fact(
                "load", "cat /proc/loadavg", facts.load, lambda server, load: replace(server, load=load)
            ),
        }

    def _protection(self) -> Mapping[str, Awaitable[None]]:
        """Return what protects it: sshd, firewall, bans, and updates that install themselves."""
        upgrader = "dpkg-query --show --showformat='${db:Status-Abbrev}' unattended-upgrades"
        return {
            "sshd": self._sshd(),
            "firewall": self._firewall(),
            "jails": self._bans(),
            "updates": self._fact(
                "updates",
                "apt-config dump APT::Periodic",
                facts.periodic,
                lambda server, tasks: replace(server, updates=tasks),
            ),
            "upgrader": self._fact(
                "upgrader", upgrader, facts.package, lambda server, state: replace(server, upgrader=state)
            ),
            "upgrade_origins": self._fact(
                "upgrade_origins",
                "apt-config dump Unattended-Upgrade",
                facts.upgrades,
                lambda server, upgrades: replace(
                    server, upgrade_origins=upgrades[0], upgrade_days=upgrades[1], upgrade_blacklist=upgrades[2]
                ),
            ),
            "upgraded": self._upgraded(),
        }

    def _running(self) -> Mapping[str, Awaitable[None]]:
        """Return what runs on it: units, processes, containers, and the rotation of logs."""
        declared = self._declared
        running = partial(facts.processes, names=declared.processes)
        surveys = {
            "units": self._units(),
            "processes": self._fact(
                "processes",
                "ps -eo user:32=,comm=",
                running,
                lambda server, processes: replace(server, processes=processes),
            ),
        }
        if declared.containers:
            surveys["containers"] = self._containers()
        if declared.logs:
            rotate = "logrotate --debug /etc/logrotate.conf"
            surveys["logs"] = self._logs()
            surveys["rotation"] = self._fact(
                "rotation",
                rotate,
                facts.rotation,
                lambda server, rotation: replace(server, rotation=rotation),
                as_root=True,
            )
        return surveys

    async def _fact(
        self, name: str, command: str, read: Reader[Fact], place: Place[Fact], *, as_root: bool = False
    ) -> None:
        self._note(name, await self._shell.run(command, as_root=as_root), read, place)

    def _note(self, name: str, output: CommandOutput, read: Reader[Fact], place: Place[Fact]) -> None:
        fact = None if output.refused or output.missing else read(output)
        if fact is not None:
            self._keep(place(self._evidence, fact))
        elif not output.missing:
            self._unseen.append(Unseen(what=name, said=output.first_line))

    async def _size(self, name: str, command: str, read: Reader[Fact], place: Place[Fact]) -> None:
        """Every machine has memory and a disk: here a missing program is no answer either."""
        output = await self._shell.run(command)
        fact = read(output)
        if fact is None:
            self._unseen.append(Unseen(what=name, said=output.first_line))
        else:
            self._keep(place(self._evidence, fact))

    async def _sshd(self) -> None:
        """Ask for an unknown account; then for every account, over every connection that a block is about."""
        stranger = self._ssh.someone()
        usual = sshd_facts.Connection(lport=str(self._ssh.port))
        output = await self._shell.run(usual.command(stranger, "-ddd"), as_root=True)
        lines = sshd_facts.match_lines(output)
        # sshd refuses to answer (-T) without a routing domain where a Match block asks for one.
        if any("rdomain" in sshd_facts.criteria(line) for line in lines):
            usual = replace(usual, rdomain="none")
            output = await self._shell.run(usual.command(stranger), as_root=True)
        self._note("sshd", output, sshd_facts.settings, lambda server, settings: replace(server, sshd=settings))
        if lines and self._evidence.sshd is not None:
            exceptions = await self._exceptions(lines, usual)
            self._keep(replace(self._evidence, sshd_exceptions=exceptions))

    async def _exceptions(self, lines: Sequence[str], usual: sshd_facts.Connection) -> tuple[SshdException, ...]:
        """Ask sshd itself for every account and connection that a Match block may be about: it knows what holds."""
        listed = await self._shell.run_each(
            ["getent passwd", shlex.join(["getent", "passwd", *sshd_facts.names(lines)])]
        )
        users = sshd_facts.accounts(listed, lines, ["root", self._ssh.user])
        logins = [(user, connection) for connection in sshd_facts.connections(lines, usual) for user in users]
        if len(logins) > _MOST_LOGINS:
            too_many = f"{len(logins)} combinations of users and connections are more than can be asked about"
            self._unseen.append(Unseen(what="sshd", said=too_many))
        logins = logins[:_MOST_LOGINS]
        answers = await self._shell.run_each([connection.command(user) for user, connection in logins], as_root=True)
        return tuple(
            SshdException(
                user=user,
                connection=connection.difference(usual),
                blocks=sshd_facts.blocks_about(user, connection, lines, usual),
                settings=settings,
            )
            for (user, connection), output in zip(logins, answers, strict=True)
            if (settings := self._settings(output)) and settings != self._evidence.sshd
        )

    def _settings(self, output: CommandOutput) -> dict[str, str] | None:
        settings = sshd_facts.settings(output)
        if settings is None:
            self._unseen.append(Unseen(what="sshd", said=output.first_line))
        return settings

    async def _firewall(self) -> None:
        """Read ufw's rules, those beside ufw, and the uplinks; ask about Docker only if ufw is active."""
        status = await self._shell.run("ufw status verbose", as_root=True)
        self._note(
            "firewall", status, firewall_facts.firewall, lambda server, firewall: replace(server, firewall=firewall)
        )
        firewall = self._evidence.firewall
        if firewall is None or not firewall.active:
            return
        filters = [await self._shell.run(f"{program} -S", as_root=True) for program in ("iptables", "ip6tables")]
        rules = [firewall_facts.beside(output, version) for output, version in zip(filters, (4, 6), strict=True)]
        unread = [output for output, rule in zip(filters, rules, strict=True) if rule is None and not output.missing]
        if rules[0] is None or unread:
            self._unseen.append(Unseen(what="filter", said=(unread or filters)[0].first_line))
        else:
            users = (firewall_facts.of_users(output, version) for output, version in zip(filters, (4, 6), strict=True))
            loaded = tuple(rule for chain in users for rule in chain)
            firewall = replace(firewall, beside=(*rules[0], *(rules[1] or ())), loaded=loaded)
            self._keep(replace(self._evidence, firewall=firewall))
        routes = await self._shell.run_each(["ip -4 route show default", "ip -6 route show default", "ip -o addr"])
        versions = [4, 6] if firewall_facts.has_ipv6(routes[2]) else [4]
        open_to_all = (version for version in versions if firewall_facts.accepts_by_default(filters[version == 6]))  # noqa: PLR2004
        self._keep(replace(self._evidence, firewall=replace(firewall, unfiltered=tuple(open_to_all))))
        uplinks = firewall_facts.uplinks(routes[:2], routes[2])
        if uplinks is not None:
            self._keep(replace(self._evidence, uplinks=uplinks))
        await self._start()
        await self._published(dict(zip((4, 6), filters, strict=True)))

    async def _start(self) -> None:
        """Read what ufw would load at its next start: its files need not be what the kernel has."""
        files = await self._shell.run(firewall_facts.START_FILES, as_root=True)
        start, firewall = firewall_facts.start(files), self._evidence.firewall
        if start is None or firewall is None:
            self._unseen.append(Unseen(what="start", said=files.first_line))
            return
        self._keep(replace(self._evidence, firewall=replace(firewall, enabled=start.enabled, at_start=start.rules)))

    async def _published(self, filters: Mapping[int, CommandOutput]) -> None:
        """Ask what Docker lets in past ufw; nothing where there is no Docker, or no container runs."""
        listed = await self._shell.run(docker_facts.LISTED, as_root=True)
        names = [] if listed.status else listed.output.split()
        if listed.missing or docker_facts.is_not_running(listed) or (not names and not listed.status):
            return
        inspected = listed
        if names:
            inspected = await self._shell.run(docker_facts.INSPECTED + shlex.join(names), as_root=True)
        bindings, firewall = docker_facts.bindings(inspected), self._evidence.firewall
        if bindings is None or firewall is None:
            self._unseen.append(Unseen(what="published", said=inspected.first_line))
            return
        rules, unclear = docker_facts.published(bindings, filters, self._evidence.uplinks)
        self._keep(replace(self._evidence, firewall=replace(firewall, published=rules)))
        if unclear:
            self._unseen.append(Unseen(what="published", said=unclear))

    async def _bans(self) -> None:
        """The jails of fail2ban, and whether the logs that they read are still written."""
        status = "fail2ban-client status"
        await self._fact("jails", status, facts.jails, lambda server, jails: replace(server, jails=jails), as_root=True)
        active = [name for name in self._declared.jails if name in (self._evidence.jails or ())]
        if not active:
            return
        commands = [shlex.join(["fail2ban-client", "status", name]) for name in active]
        answers = await self._shell.run_each(commands, as_root=True)
        sources = {name: facts.jail_sources(output) for name, output in zip(active, answers, strict=True)}
        unread = [output for output, source in zip(answers, sources.values(), strict=True) if source is None]
        if unread:
            self._unseen.append(Unseen(what="jail_logs", said=unread[0].first_line))
        readable = {name: source for name, source in sources.items() if source is not None}
        files = await self._files("jail_logs", [path for paths, _ in readable.values() for path in paths])
        if files is not None:
            logs = (facts.jail_logs(name, source, files) for name, source in readable.items())
            self._keep(replace(self._evidence, jail_logs=tuple(logs)))

    async def _units(self) -> None:
        """The states of declared units, and of those that updates, logs and certificates depend on."""
        declared = self._declared
        renewal = [declared.renewal, declared.renewal.removesuffix(".timer") + ".service"] if declared.renewal else []
        units = list(dict.fromkeys([*declared.units, *renewal, *_TIMETABLES, *_RESULTS]))
        output = await self._shell.run(f"systemctl show --property={_PROPERTIES} -- {shlex.join(units)}")
        self._note(
            "units", output, partial(facts.units, names=units), lambda server, states: replace(server, units=states)
        )
        self._keep(replace(self._evidence, failures=facts.failures(output, units)))

    async def _containers(self) -> None:
        listed = await self._shell.run("docker ps --all --format '{{.Names}}|{{.Status}}'", as_root=True)
        inspected = await self._shell.run(_INSPECT + shlex.join(self._declared.containers), as_root=True)
        read = partial(facts.containers, inspected=inspected)
        self._note("containers", listed, read, lambda server, containers: replace(server, containers=containers))

    async def _upgraded(self) -> None:
        files = await self._files("upgraded", [_STAMP], as_root=False)
        self._keep(replace(self._evidence, upgraded=files[0].silent if files else None))

    async def _logs(self) -> None:
        files = await self._files("logs", self._declared.logs)
        if files is not None:
            self._keep(replace(self._evidence, logs=files))

    async def _files(self, name: str, paths: Sequence[str], *, as_root: bool = True) -> tuple[LogFile, ...] | None:
        """How long they have been silent, by the server's own clock; None if we were not shown."""
        if not paths:
            return ()
        date = await self._shell.run("date +%s")
        clock = facts.number(date)
        listing = f"stat --dereference --format='%Y %s %n' -- {shlex.join(dict.fromkeys(paths))}"
        output = await self._shell.run(listing, as_root=as_root)
        if clock is None or output.refused or output.missing:
            self._unseen.append(Unseen(what=name, said=(date if clock is None else output).first_line))
            return None
        return facts.logs(output, tuple(dict.fromkeys(paths)), clock)
