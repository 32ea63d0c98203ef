"""Makes a run of the journal: a folder under ``reports/`` like any other, signable and replayable."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gonogo.runs.beginning import begin_record
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.publish import Published, open_folder
from gonogo.runs.reference_instance import ReferenceInstance
from gonogo.runs.session import verify

GATE = "watch"
"""The gate that is asked after the launch (gates.toml, ``when = "after-launch"``)."""


def report(  # noqa: PLR0913 - what is reported, from where, and to where
    environment: str,
    *,
    project: Path,
    reports: Path,
    environ: Mapping[str, str],
    release: str | None = None,
    instance: ReferenceInstance | None = None,
) -> Published:
    """Judge what the watch has seen until now, with everything else that the gate demands, and keep it as a run.

    The watch may go on meanwhile; what it has not seen yet leaves the run INCOMPLETE. Raises UsageError.
    """
    request = Request(environment=environment, project=project, gate=GATE, release=release)
    request = replace(request, run_id=begin_record(request, reports))
    prepared = prepare(request, environ, instance=instance)
    try:
        return verify(prepared, open_folder(prepared, reports))
    finally:
        prepared.close()
