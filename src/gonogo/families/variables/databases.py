"""Which database the URL in a file of variables leads to, whoever logs in there."""

from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

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

Place = tuple[str, str, str]
"""Host, port and database."""


def database_of(url: str) -> frozenset[Place]:
    """The places that it names; empty where it is no URL of a database."""
    scheme, marked, rest = url.partition("://")
    kind = _PORTS.get(scheme.partition("+")[0].lower(), "")
    try:
        path = urlsplit(url).path
    except ValueError:
        return frozenset()
    hosts = rest.partition("/")[0].partition("?")[0].rpartition("@")[2]
    database = unquote(path.strip("/")) or _UNNAMED.get(kind, "")
    if not (marked and kind and database):
        return frozenset()
    looked_up = scheme.lower().endswith("+srv")  # by a record that names hosts and ports
    places = (_place(host, "srv" if looked_up else str(DATABASES[kind])) for host in hosts.split(","))
    return frozenset((host, port, database) for host, port in places)


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
