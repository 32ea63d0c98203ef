"""One environment for all loads here: each leaves it as it was."""

from collections.abc import Iterator

import pytest

from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess


@pytest.fixture(scope="session")
def process() -> Iterator[ReferenceProcess]:
    """It, and its faults; announced, so that commands attach to it."""
    with ReferenceProcess(announce=True) as process:
        yield process


@pytest.fixture
def instance(process: ReferenceProcess) -> Iterator[ReferenceInstance]:
    """Healthy, unless a test breaks it."""
    yield ReferenceInstance(overlay=process.ready["environment"], faults=[])
    process.set_faults([])
