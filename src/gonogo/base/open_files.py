"""How many files this process may open: each connection is one, and running out of them is no fault of a target."""

import errno
import resource
from pathlib import Path

from gonogo.base.errors import UsageError

OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""Errors of a connection that this machine could not even begin."""
RESERVE = 32
"""For reports, certificates, resolvers and pipes."""


def limit() -> int:
    """How many this process may open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def exhausted(error: OSError) -> str:
    """Say what an error of this machine's own means; empty for any other error."""
    match error.errno:
        case errno.EMFILE:
            return f"this process may open {limit()} files, and has"
        case errno.ENFILE:
            return "this machine has no free file descriptors"
        case errno.ENOBUFS | errno.ENOMEM:
            return "this machine has no memory left for connections"
    return ""


def demand_open_files(
    connections: int, *, who: str = "this run", otherwise: str = ", or lower limits.total in the environment file"
) -> None:
    """Let this process, and those that it starts, open as many files as the connections need.

    Raises UsageError, which names ``who`` needs them and what else may be done, if it may not.
    """
    needed = _open_now() + RESERVE + connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    if hard == resource.RLIM_INFINITY or hard >= needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
        return
    raise UsageError(
        f"this process may open {soft} files, and {who} needs {needed}; raise the limit (ulimit -n {needed}){otherwise}"
    )


def _open_now() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())
    except OSError:  # no Linux
        return RESERVE
