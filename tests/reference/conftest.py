"""One healthy instance for all tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from tests.reference.supervised import Supervised


@pytest.fixture(scope="session")
def healthy() -> Iterator[Supervised]:
    """Ready, without faults; a test that switches some on switches them off again."""
    with Supervised() as supervised:
        assert supervised.first["event"] == "ready", supervised.first
        yield supervised
