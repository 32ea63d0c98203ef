"""Too few open files are told before anything is asked: half-way through they look like a target that is down."""

import errno
import os
import resource
from collections.abc import Iterator

import pytest

from gonogo.base.errors import UsageError
from gonogo.base.open_files import demand_open_files
from gonogo.clients.network import Swallowed, unobserved


@pytest.fixture
def limits() -> Iterator[tuple[int, int]]:
    """This process's own, as they were."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_soft_limit_is_raised(limits: tuple[int, int]) -> None:
    """Nobody has to do by hand what the program may do."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (60, limits[1]))
    demand_open_files(200)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= 200


def test_hard_limit_is_refused_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that helps stands in the message."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (40, 40))
    with pytest.raises(UsageError, match=r"may open 40 files.*ulimit -n \d+"):
        demand_open_files(200)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_own_exhaustion_is_not_called_a_firewall(number: int) -> None:
    """Whoever reads of swallowed packets calls the people of the network."""
    told = unobserved(OSError(number, os.strerror(number)), "192.0.2.1", 443)
    assert not isinstance(told, Swallowed)
    assert "ulimit -n" in told.hint
    assert "firewall" not in f"{told.reason} {told.hint}"
