"""Tells failed connections apart: the target's answer, or our own inability to ask."""

import errno

from gonogo.base.errors import Unobserved
from gonogo.base.open_files import exhausted
from gonogo.base.wakefulness import WAKEFULNESS

_NO_ROUTE = {
    errno.ENETUNREACH: "this machine has no route to its network",
    errno.EHOSTUNREACH: "no route to the host",
    errno.EADDRNOTAVAIL: "this machine has no address to ask from",
    errno.EAFNOSUPPORT: "this machine does not speak that kind of address",
    errno.EPERM: "this machine's own firewall forbids it",
    errno.EACCES: "this machine's own firewall forbids it",
}


REJECTED = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET, errno.EACCES})
"""A port that is closed to us, whoever says so."""


class Swallowed(Unobserved):
    """No packet came back: the address is dead, or a firewall drops what is sent to it."""


def ours(error: BaseException, started: float) -> str:
    """Why a connection that failed since then says nothing about the target; empty if it does."""
    if isinstance(error, ConnectionRefusedError):
        return ""  # an answer, however late we heard it
    return (exhausted(error) if isinstance(error, OSError) else "") or WAKEFULNESS.too_busy(started)


def unobserved(error: OSError, address: str, port: int) -> Unobserved:
    """The reason, for a connection that was neither accepted nor refused."""
    where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return Swallowed(
            f"{where} did not answer: nothing came back, not even a refusal",
            hint="is the address right, and does a firewall let this machine through?",
        )
    if ours := exhausted(error):
        return Unobserved(
            f"{where} could not be asked: {ours}", hint="raise the limit (ulimit -n), or lower limits.total"
        )
    reason = _NO_ROUTE.get(error.errno or 0, error.strerror or str(error))
    hint = "run gonogo where IPv6 works, or remove the address" if ":" in address else "ask from another network"
    return Unobserved(f"{where} could not be asked: {reason}", hint=hint)
