"""Which database the URL in a file of variables leads to, whoever logs in there."""

import re
from ipaddress import ip_address
from urllib.parse import unquote

from gonogo.base.several_hosts import split_url

DATABASES = {"mongodb": 27017, "postgresql": 5432, "mysql": 3306}
"""Shapes of URLs, and the port of those that name none."""
_PORTS = {
    "mongodb": "mongodb",
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_UNNAMED = {"mongodb": "test"}
"""The database of a URL without one: MongoDB's drivers take this one."""

_LOOKED_UP = "srv"
_PRIVATE = re.compile(r"^([^.]+?)-(?:pri|pl-\d+)(?=\.[^.]+\.mongodb\.net$)")
"""Atlas' names of the same cluster for private networks (peering, private endpoints)."""
_MEMBER = re.compile(r"^(?!ac-)([^.]+?)-shard-\d+-\d+(?=\.[^.]+\.mongodb\.net$)")
"""Members of a cluster of Atlas; those of newer ones begin with ``ac-``, and do not name their cluster."""
Place = tuple[str, str, str]
"""Host, port and database."""


def database_of(url: str) -> frozenset[Place]:
    """The places that it names; empty where it is no URL of a database."""
    scheme, marked, rest = url.partition("://")
    kind = _PORTS.get(scheme.partition("+")[0].lower(), "")
    try:
        path = split_url(url).path
    except ValueError:
        return frozenset()
    hosts = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    database = unquote(path.strip("/")) or _UNNAMED.get(kind, "")
    if kind == "mongodb":  # which has no two databases whose names differ in their case alone
        database = database.lower()
    if not (marked and kind and database):
        return frozenset()
    looked_up = scheme.lower().endswith("+srv")  # by a record that names hosts and ports
    places = (_place(host, _LOOKED_UP if looked_up else str(DATABASES[kind])) for host in hosts.split(","))
    return frozenset((*_cluster(host, port), database) for host, port in places)


def may_be_one(first: frozenset[Place], other: frozenset[Place]) -> bool:
    """Whether the one names hosts, and the other a record of the same domain that may name the same hosts."""
    domains = [
        {(host.partition(".")[2], database) for host, port, database in places if (port == _LOOKED_UP) == looked_up}
        for places, looked_up in ((first, True), (first, False), (other, True), (other, False))
    ]
    return bool(domains[0] & domains[3] or domains[1] & domains[2])


def _cluster(host: str, port: str) -> tuple[str, str]:
    """The record of the cluster of Atlas that a host is a member of, where its name tells."""
    member = _MEMBER.sub(r"\1", host)
    return (_PRIVATE.sub(r"\1", member), port if member == host else _LOOKED_UP)


def _place(text: str, usual: str) -> tuple[str, str]:
    host, marked, port = text.rpartition(":")
    if not marked or text.endswith("]"):
        host, port = text, ""
    return host.strip("[]").rstrip(".").lower(), port or usual


def is_one_host(host: str) -> bool:
    """Whether it is the same host from every network.

    ``localhost``, a name without a dot (a service of a compose file) and a private address are another one in each.
    """
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".internal", ".local"))
