"""One healthy instance for all tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from tests.reference.supervised import Supervised, announcing


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervised]:
    """Ready, without faults, announced in its own folder; a test that switches some on switches them off again."""
    place = tmp_path_factory.mktemp("up")
    with Supervised(*announcing(place), TMPDIR=str(place)) as supervised:
        assert supervised.first["event"] == "ready", supervised.first
        yield supervised
