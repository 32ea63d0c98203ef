"""One healthy environment for the journeys of all tests here; each leaves it as it was."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.wakefulness import BUSY
from gonogo.record.results import CheckResult
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.runs.session import results_of

Walked = Mapping[str, CheckResult]
Smoke = Callable[..., Walked]


def merged(overlay: Mapping[str, Any], changes: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One with the other's values, section by section."""
    return {**overlay, **{section: {**overlay.get(section, {}), **values} for section, values in changes.items()}}


_ATTEMPTS = 8


@pytest.fixture(scope="module")
def process() -> Iterator[ReferenceProcess]:
    """It, and its faults."""
    with ReferenceProcess() as process:
        yield process


@pytest.fixture
def instance(process: ReferenceProcess) -> Iterator[ReferenceInstance]:
    """What a run needs to know of it. Faults of a test end with the test."""
    instance = ReferenceInstance(overlay=process.ready["environment"], faults=[])
    yield instance
    if instance.faults:
        process.set_faults([])


@pytest.fixture
def smoke(instance: ReferenceInstance) -> Smoke:
    """``smoke(only=[…], overlay={…}, environ={…}, allow_money=True)``: the results of the planned steps, by id."""

    def _smoke(
        only: Sequence[str] = (),
        overlay: Mapping[str, Mapping[str, Any]] | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        allow_money: bool = False,
    ) -> Walked:
        told = ReferenceInstance(overlay=merged(instance.overlay, overlay or {}), faults=())
        request = Request(environment="reference", project=Path.cwd(), gate="smoke", only=only, allow_money=allow_money)
        for _ in range(_ATTEMPTS):  # other tests run beside: what this machine was too busy to tell is asked again
            results = results_of(prepare(request, environ or {}, instance=told))
            if not any(BUSY in seen.message for check in results.checks for seen in check.observations):
                break
        return {check.id: check for check in results.checks}

    return _smoke
