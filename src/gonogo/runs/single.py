"""One check by itself, without what it needs: to try what was just written."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gonogo.evidence.base import Evidence
from gonogo.record.results import CheckResult
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.session import results_of


def asked_alone(
    check: str, *, environment: str, project: Path, environ: Mapping[str, str]
) -> tuple[CheckResult, Sequence[Evidence]]:
    """Ask for the evidence of one check, and judge it. Raises UsageError.

    Whether what it needs holds is not looked at, and nothing is written to ``reports/``.
    """
    prepared = prepare(Request(environment=environment, project=project, only=[check]), environ)
    alone = replace(prepared, plan=replace(prepared.plan, selected=frozenset({check})))
    results = results_of(alone)
    subject = prepared.plan.plan.checks[check].subject
    evidence = [record.evidence for record in alone.source.records() if record.kind == subject and record.evidence]
    return next(result for result in results.checks if result.id == check), evidence
