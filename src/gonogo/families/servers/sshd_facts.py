"""sshd's settings for every account, over every kind of connection that its ``Match`` blocks tell apart."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from ipaddress import ip_network

from gonogo.clients.ssh import CommandOutput

KEYWORDS = {
    "passwordauthentication",
    "kbdinteractiveauthentication",
    "challengeresponseauthentication",
    "permitrootlogin",
    "permitemptypasswords",
    "pubkeyauthentication",
    "authenticationmethods",
    "hostbasedauthentication",
    "gssapiauthentication",
}
_NO_SHELL = ("nologin", "/false", "/sync", "/shutdown", "/halt")
_FIRST_PERSON, _NOBODY = 1000, 65534
"""Debian's numbers of users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The connection that ``sshd -T -C`` is asked about: whatever a Match may ask for must be given."""

    host: str = "client.example"
    addr: str = "203.0.113.1"
    """Somebody on the internet (RFC 5737)."""
    laddr: str = "203.0.113.2"
    lport: str = "22"
    rdomain: str = ""
    """Only where a block asks for it: older versions of sshd do not know it."""

    def command(self, user: str, *flags: str) -> str:
        """The question about this user."""
        about = {"user": user, "host": self.host, "addr": self.addr, "laddr": self.laddr, "lport": self.lport}
        about |= {"rdomain": self.rdomain} if self.rdomain else {}
        return shlex.join(["sshd", "-T", *flags, "-C", ",".join(f"{name}={value}" for name, value in about.items())])

    def difference(self, other: "Connection") -> str:
        """How it is not the other, for people."""
        names = {"host": "host", "addr": "from", "laddr": "to", "lport": "port", "rdomain": "rdomain"}
        return " ".join(
            f"{word} {getattr(self, name)}"
            for name, word in names.items()
            if getattr(self, name) != getattr(other, name)
        )


def settings(output: CommandOutput) -> dict[str, str] | None:
    """Read the keywords that tell how one may log in."""
    if output.status:
        return None
    pairs = (line.partition(" ")[::2] for line in output.output.splitlines())
    return {name: value for name, value in pairs if name in KEYWORDS} or None


def match_lines(output: CommandOutput) -> tuple[str, ...]:
    """Every ``Match`` of the configuration and of what it includes, as ``sshd -T -ddd`` reads them."""
    criteria_lines = re.findall(r"checking (?:syntax|match) for '(.*?)'(?: user .*)?\r?$", output.text, re.MULTILINE)
    return tuple(dict.fromkeys(line.strip().removeprefix("Match ").strip() for line in criteria_lines))


def criteria(line: str) -> Mapping[str, Sequence[str]]:
    """The criteria of a Match line: its keywords in lower case, with their patterns."""
    words: list[str] = []
    with suppress(ValueError):
        words = shlex.split(re.sub(r"\s*=\s*", " ", line))
    return {
        name.lower(): [pattern for pattern in patterns.split(",") if pattern]
        for name, patterns in zip(words[::2], words[1::2], strict=False)
    }


def connections(lines: Sequence[str], usual: Connection) -> Sequence[Connection]:
    """The usual one, and for each block those that it is about."""
    kinds = [usual, *(changed for line in lines for changed in _about(criteria(line), usual))]
    return list(dict.fromkeys(kinds))


def _about(wanted: Mapping[str, Sequence[str]], usual: Connection) -> Iterator[Connection]:
    """Connections that a Match block is about, made of its patterns: sshd itself then says what holds for them."""
    connection = usual
    if ports := _positive(wanted.get("localport", ())):
        connection = replace(connection, lport=ports[0])
    if domains := _positive(wanted.get("rdomain", ())):
        connection = replace(connection, rdomain=_literal(domains[0]))
    if locals_ := _positive(wanted.get("localaddress", ())):
        connection = replace(connection, laddr=_address(locals_[0]))
    if hosts := _positive(wanted.get("host", ())):
        connection = replace(connection, host=_literal(hosts[0]))
    addresses = [pattern for pattern in _positive(wanted.get("address", ())) if pattern != "*"]
    yield from (replace(connection, addr=_address(pattern)) for pattern in addresses) if addresses else [connection]


def _positive(patterns: Sequence[str]) -> list[str]:
    return [pattern for pattern in patterns if not pattern.startswith("!")]


def _literal(pattern: str) -> str:
    return pattern.replace("*", "a").replace("?", "a")


def _address(pattern: str) -> str:
    """An address in that network, or of that pattern."""
    with suppress(ValueError):
        network = ip_network(pattern, strict=False)
        return str(network[min(1, network.num_addresses - 1)])
    # ssh_config's patterns stand for characters: 192.0.2.* and 10.*.
    filled = pattern.replace("*", "1").replace("?", "1")
    missing = 3 - filled.count(".") if ":" not in filled else 0
    return filled + ".1" * max(missing, 0)


def accounts(outputs: Sequence[CommandOutput], lines: Sequence[str], usual: Sequence[str]) -> Sequence[str]:
    """Choose who may log in: of ``getent passwd`` those that a block names, then people, then whoever has a shell.

    Somebody without a shell may still copy files, or have connections forwarded, with a password.
    """
    rows = (row.split(":") for output in outputs for row in output.output.splitlines())
    listed = {row[0]: (int(row[2]), row[6]) for row in rows if len(row) == 7 and row[2].isdecimal()}  # noqa: PLR2004 - passwd(5)
    patterns = [pattern for line in lines for pattern in _positive(criteria(line).get("user", ()))]
    named = [name for name in listed if any(fnmatchcase(name, pattern) for pattern in patterns if pattern != "*")]
    people = [name for name, (uid, _) in listed.items() if _FIRST_PERSON <= uid < _NOBODY]
    able = [name for name, (_, shell) in listed.items() if not shell.endswith(_NO_SHELL)]
    return list(dict.fromkeys([*named, *usual, *people, *able]))


def blocks_about(user: str, connection: Connection, lines: Sequence[str], usual: Connection) -> tuple[str, ...]:
    """The blocks that may be why sshd treats this user differently over this connection."""

    def names_user(line: str) -> bool:
        patterns = criteria(line).get("user")
        return patterns is None or any(fnmatchcase(user, pattern) for pattern in _positive(patterns))

    return tuple(line for line in lines if names_user(line) and connection in connections([line], usual))


def names(lines: Sequence[str]) -> Sequence[str]:
    """Users whom blocks name in full: a directory may know them, and not list them."""
    patterns = [pattern for line in lines for pattern in _positive(criteria(line).get("user", ()))]
    return [pattern for pattern in dict.fromkeys(patterns) if not set("*?") & set(pattern)]
