"""``ctrf.json``: the Common Test Report Format. One test per check, whatever its targets, and one of the verdict."""

import json
import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gonogo.record.results import CheckResult, Outcome, Results, Verdict
from gonogo.report.blockers import stops
from gonogo.report.cases import VERDICT, check_seconds, run_seconds, verdict_problem
from gonogo.report.meaning import first_meaning
from gonogo.report.visible import visible_lines
from gonogo.report.wording import asked, carried_runs, causes, families, fix, line_counts, rehearsal

_SPECIFICATION = "0.0.0"
STATUSES = {
    Outcome.PASS: "passed",
    Outcome.WARN: "passed",
    Outcome.FAIL: "failed",
    Outcome.ERROR: "failed",
    Outcome.BLOCKED: "skipped",
    Outcome.NOT_RUN: "skipped",
    Outcome.WAIVED: "other",
}
"""A gap is never ``passed``; what nobody could observe is ``failed``, since most readers look at that number only."""


def render_ctrf(results: Results) -> bytes:
    """The file's bytes."""
    run = results.run
    report = {
        "reportFormat": "CTRF",
        "specVersion": _SPECIFICATION,
        "reportId": str(uuid.uuid5(uuid.NAMESPACE_OID, run.id)),
        "runId": run.id,
        "timestamp": run.finished_at.isoformat(),
        "generatedBy": f"gonogo {run.gonogo}",
        "results": {
            "tool": {"name": "gonogo", "version": run.gonogo},
            "summary": _summary(results),
            "tests": [_verdict(results), *(_test(check) for check in results.checks)],
            "environment": _environment(results),
        },
    }
    return (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode()


def _summary(results: Results) -> Mapping[str, Any]:
    counts = Counter(STATUSES[check.outcome] for check in results.checks)
    counts[_verdict(results)["status"]] += 1
    decision = results.decision
    start, stop = _milliseconds(results.run.started_at), _milliseconds(results.run.finished_at)
    return {
        "tests": counts.total(),
        **{status: counts[status] for status in ("passed", "failed", "skipped", "pending", "other")},
        "suites": len(families(results)) + 1,
        "start": start,
        "stop": stop,
        "duration": stop - start,
        "extra": {
            "verdict": decision.verdict.value,
            **({"rehearsal": words} if (words := rehearsal(results)) else {}),
            "reason": decision.reason,
            "blockers": decision.blockers,
            "linesNotDone": decision.open_lines,
            "stops": stops(results).words,
            "meaning": first_meaning(results),
            "firstCause": next((cause.check.id for cause in causes(results)), ""),
            "counts": dict(results.counts),
            "checklist": {status.value: number for status, number in line_counts(results).items()},
            **({"asked": words} if (words := asked(results)) else {}),
            **({"carried": list(carried_runs(results))} if results.carried else {}),
        },
    }


def _environment(results: Results) -> Mapping[str, Any]:
    run = results.run
    release = {"appVersion": run.release} if run.release else {}
    healthy = results.decision.verdict in {Verdict.GO, Verdict.GO_WITH_EXCEPTIONS} and not run.interrupted
    return {"appName": run.service, "testEnvironment": run.environment, "healthy": healthy, **release}


def _verdict(results: Results) -> Mapping[str, Any]:
    """The test that fails unless the run is a GO."""
    problem = verdict_problem(results)
    return {
        "testId": VERDICT,
        "name": f"{VERDICT}: {results.run.question or results.run.gate}",
        "status": "failed" if problem else "passed",
        "rawStatus": results.decision.verdict.value,
        "duration": round(run_seconds(results) * 1000),
        "suite": [VERDICT],
        **({"message": visible_lines(problem)} if problem else {}),
    }


def _test(check: CheckResult) -> Mapping[str, Any]:
    """A check; many share the evidence that they judge, whose time belongs to none of them."""
    retries = max(observation.attempts for observation in check.observations) - 1
    message = visible_lines(check.worst.message) if check.observed is not Outcome.PASS else ""
    text = fix(check, check.worst)
    return {
        "testId": check.id,
        "name": f"{check.id}: {check.title}",
        "status": STATUSES[check.outcome],
        "rawStatus": check.outcome.value,
        "duration": round(check_seconds(check) * 1000),
        "suite": [check.family],
        **({"filePath": visible_lines(check.file)} if check.file else {}),
        **({"line": check.line} if check.line else {}),
        **({"message": message} if message else {}),
        **({"retries": retries, "flaky": check.outcome is Outcome.PASS} if retries > 0 else {}),
        "extra": {
            "outcome": check.outcome.value,
            "severity": check.severity.value,
            "proves": list(check.proves),
            "supports": list(check.supports),
            "targets": len(check.observations),
            **({"fix": text} if text and message else {}),
        },
    }


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
