"""Ports for servers of tests: below those that the kernel gives to connections, which come and go in every other process."""

import os
import random
import socket
from collections.abc import Iterator

_PROCESSES, _EACH = 8, 1_000
_SERVERS = 12_000
"""The first port; each process of pytest-xdist has its own thousand. The reference environment's are from 20000."""
_CLOSED, _FEW = 10_000, 250
"""The first of the ports that no server is given, and how many of them each process has."""
_ATTEMPTS = 100
_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
"""Of this process."""


def _ports_in_turn() -> Iterator[int]:
    """The ports of this process, none twice until all were given, from a place that two sessions hardly share."""
    begin = random.SystemRandom().randrange(_EACH)
    while True:
        yield from (_SERVERS + _NUMBER * _EACH + (begin + turn) % _EACH for turn in range(_EACH))


_turns = _ports_in_turn()


def free_port(address: str = "127.0.0.1") -> int:
    """A port of TCP that nobody uses now; a server that starts later, among many, finds it free still.

    One that the kernel chooses is soon given to somebody's connection, and the server that was to have it cannot start.
    """
    return _first_unused((next(_turns) for _ in range(_ATTEMPTS)), address)


def closed_port() -> int:
    """A port at which nobody listens, now or later."""
    own = range(_CLOSED + _NUMBER * _FEW, _CLOSED + (_NUMBER + 1) * _FEW)
    return _first_unused(random.SystemRandom().sample(own, _ATTEMPTS), "127.0.0.1")


def _first_unused(ports: Iterator[int] | list[int], address: str) -> int:
    for port in ports:
        with socket.socket() as tried:
            try:
                tried.bind((address, port))
            except OSError:
                continue
            return port
    raise AssertionError(f"none of {_ATTEMPTS} ports of {address} is free")
