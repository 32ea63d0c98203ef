"""What the settings of apt and unattended-upgrades amount to."""

import re

from gonogo.evidence.server import ServerEvidence

_DAY_SECONDS = 24 * 3600
_UNIT_SECONDS = {"": _DAY_SECONDS, "d": _DAY_SECONDS, "h": 3600, "m": 60, "s": 1}
"""Units of apt's periods: a bare number counts days."""
_DAYS_OF_A_WEEK = 7
_SUITES = {"stable", "stable-security", "oldstable", "oldstable-security", "security"}
_ANYWHERE = ("libc6", "openssl", "linux-image-amd64", "openssh-server")
"""Packages of every server."""


def upgrade_fault(server: ServerEvidence) -> str:
    """Why what unattended-upgrades is told installs too little, in words that follow its name; empty if it does not."""
    origins, days = server.upgrade_origins, server.upgrade_days
    if origins is not None and not any(_is_secure(origin, server.codename) for origin in origins):
        listed = ", ".join(origins) or "nowhere"
        return f"takes nothing from a security archive of this release, only from: {listed}"
    if days and len(set(days)) < _DAYS_OF_A_WEEK:
        return f"installs on {', '.join(days)} only (Update-Days); every day is wanted"
    everything = next(filter(_names_all, server.upgrade_blacklist), None)
    return f"leaves every package alone: Package-Blacklist has {everything!r}" if everything else ""


def _is_secure(origin: str, codename: str) -> bool:
    """Whether a pattern of origins takes what a security archive has for this release (unattended-upgrades' README)."""
    releases = re.findall(r"(?:^|,)\s*(?:codename|n)=([\w-]+)", origin) + re.findall(r"^[^:=]+:([\w-]+)$", origin)
    of_another = any(codename and name.partition("-")[0] != codename for name in releases if name not in _SUITES)
    return ("security" in origin.lower() or "*" in origin) and not of_another


def _names_all(pattern: str) -> bool:
    """Whether a pattern of the blacklist, which is matched at the beginning of a name, leaves out what is anywhere."""
    try:
        return all(re.match(pattern, name) for name in _ANYWHERE)
    except re.error:
        return False


def is_daily(every: str) -> bool:
    """Whether apt's period (apt.systemd.daily) is a day at the most."""
    interval = re.fullmatch(r"(\d+)([smhd]?)", every)
    return every == "always" or (
        interval is not None and 0 < int(interval[1]) * _UNIT_SECONDS[interval[2]] <= _DAY_SECONDS
    )
