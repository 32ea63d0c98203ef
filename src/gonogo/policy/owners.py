"""Who acts on a check that does not pass: a role, by family or by check, as ``[owners]`` of policy.toml says.

Where nobody said, the bundled families belong to whoever can repair them; a role that the team does not have owns nothing.
"""

from collections.abc import Collection, Iterator, Mapping

from gonogo.base.wording import did_you_mean

_DEVOPS, _LEAD = "devops", "technical-lead"
_OPERATED = frozenset(
    {
        *("atlas", "banners", "browsers", "certificates", "compose", "digitalocean", "dns", "dns_caa", "dns_mail"),
        *("dns_names", "files", "metrics", "mongodb", "ports", "records", "redis", "sentry", "server", "tls"),
        *("variables", "watch"),
    }
)
"""Families about what is set up and kept running; the others are about what was written."""


def default_owner(family: str) -> str:
    """The role that repairs what a bundled family finds."""
    return _DEVOPS if family in _OPERATED else _LEAD


def owner_of(check: str, family: str, owners: Mapping[str, str]) -> str:
    """The role that is named for the check, or for its family; empty if none is."""
    return owners.get(check, owners.get(family, ""))


def owner_problems(owners: Mapping[str, str], names: Collection[str]) -> Iterator[str]:
    """Entries of ``[owners]`` that name neither a check nor a family."""
    for name in owners:
        if name not in names:
            cure = did_you_mean(name, names) or "; gonogo checks lists them"
            yield f"owners.{name}: neither a check nor a family of checks{cure}"
