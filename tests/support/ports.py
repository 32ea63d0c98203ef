"""Ports for servers of tests: below those that the kernel gives to connections, which come and go in every other process."""

import random
import socket

_RANGE = range(12_000, 20_000)
"""Below the ports of the reference environment; Linux gives connections those from 32768."""
_ATTEMPTS = 100


def free_port(address: str = "127.0.0.1") -> int:
    """A port of TCP that nobody uses now; a server that starts later, among many, finds it free still.

    One that the kernel chooses is soon given to somebody's connection, and the server that was to have it cannot start.
    """
    for port in random.SystemRandom().sample(_RANGE, _ATTEMPTS):
        with socket.socket() as tried:
            try:
                tried.bind((address, port))
            except OSError:
                continue
            return port
    raise AssertionError(f"none of {_ATTEMPTS} ports of {address} is free")
