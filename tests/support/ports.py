"""Ports for servers of tests: below those that the kernel gives to connections, which come and go in every other process."""

import os
import random
import socket
from collections.abc import Iterator
from itertools import islice

_PROCESSES = 8
_NUMBER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
"""Of this process: each one of pytest-xdist has ports of its own."""
_ATTEMPTS = 100


def _in_turn(first: int, each: int) -> Iterator[int]:
    """The ports of this process, none twice until all were given, from a place that two sessions hardly share."""
    begin = random.SystemRandom().randrange(each)
    while True:
        yield from (first + _NUMBER * each + (begin + turn) % each for turn in range(each))


_servers = _in_turn(12_000, 1_000)
"""Up to 20000, where the ports of the reference environment begin."""
_closed = _in_turn(10_000, 250)


def free_port(address: str = "127.0.0.1") -> int:
    """A port of TCP that nobody uses now; a server that starts later, among many, finds it free still.

    One that the kernel chooses is soon given to somebody's connection, and the server that was to have it cannot start.
    """
    return _first_unused(_servers, address)


def closed_port() -> int:
    """A port at which nobody listens, now or later, unless the test itself does."""
    return _first_unused(_closed, "127.0.0.1")


def _first_unused(ports: Iterator[int], address: str) -> int:
    for port in islice(ports, _ATTEMPTS):
        with socket.socket() as tried:
            try:
                tried.bind((address, port))
            except OSError:
                continue
            return port
    raise AssertionError(f"none of {_ATTEMPTS} ports of {address} is free")
