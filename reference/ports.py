"""Which ports this instance uses: the usual ones, or free ones below the ephemeral range.

A part that is down, on purpose or not yet up, leaves its port unbound. So that two instances never choose the same
one, each claims it for life at an address where nothing else listens; the kernel drops the claims of the dead.
"""

import random
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reference.children import StartFailed

_PREFERRED: Mapping[str, int] = {
    "dns": 20053,
    "https": 20443,
    "http": 20080,
    "api-plain": 20081,
    "mongodb": 20017,
    "mongodb-own": 20117,
    "mongodb-second": 20118,
    "redis": 20380,
    "redis-own": 20379,
    "stripe": 20381,
    "sentry": 20382,
    "llm": 20383,
    "providers": 20384,
    "ssh": 20022,
    "smtp": 20025,
    "inbox": 20026,
    "support-mail": 20027,
    "support-tickets": 20028,
    "support-inbox": 20029,
    "authority": 20385,
    "monitoring": 20386,
    "oncall": 20387,
}
_CLOSED: Mapping[str, tuple[int, ...]] = {
    "mongodb": (21017, 21018, 21019),
    "redis": (21379,),
    "docker": (21375,),
    "postgresql": (21432,),
    "elasticsearch": (21200,),
    "memcached": (21211,),
    "rabbitmq": (21672,),
}
_CLAIMS_AT = "127.0.0.20"
_ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.11", "127.0.0.12", "127.0.0.13")
# Below the ephemeral range.
_FALLBACK_RANGE = range(22000, 32000)
_TRIES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Chosen once, and kept for as long as the instance lives."""

    used: Mapping[str, int]
    closed: Mapping[str, tuple[int, ...]]
    claims: Mapping[int, socket.socket]

    def release(self) -> None:
        """Let others choose them."""
        for claim in self.claims.values():
            claim.close()


def choose_ports() -> Ports:
    """Claim and test-bind every port. Raises StartFailed when nothing is free."""
    claims: dict[int, socket.socket] = {}
    return Ports(
        used={name: _free(port, claims) for name, port in _PREFERRED.items()},
        closed={family: tuple(_free(port, claims) for port in ports) for family, ports in _CLOSED.items()},
        claims=claims,
    )


def _free(preferred: int, claims: dict[int, socket.socket]) -> int:
    fallbacks = random.sample(_FALLBACK_RANGE, _TRIES)
    for port in (preferred, *fallbacks):
        claim = None if port in claims else _claim(port)
        if claim is None:
            continue
        if _bindable(port, _ADDRESSES):
            claims[port] = claim
            return port
        claim.close()
    raise StartFailed(f"no free port: {preferred} is taken, and so are {_TRIES} others", cure="Stop what holds them")


def _claim(port: int) -> socket.socket | None:
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind((_CLAIMS_AT, port))
    except OSError:
        claim.close()
        return None
    return claim


def _bindable(port: int, addresses: Iterable[str]) -> bool:
    for address in addresses:
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as probe:
                # A port in TIME_WAIT is free for us; one that listens is not, even so.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
                try:
                    probe.bind((address, port))
                except OSError:
                    return False
    return True
