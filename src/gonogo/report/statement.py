"""``statement.intoto.json``: the run as an in-toto test result, for policy engines that decide without reading pages."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import rfc8785

from gonogo.record.results import DONE, LineStatus, Outcome, Results, Verdict
from gonogo.report.wording import asked

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
CHECKLIST = "checklist"
LINE = f"{CHECKLIST}/"
"""Before the id of a line of the checklist; ids of checks stand alone."""
CARRIED = "carried/"
"""Before the place of a run whose evidence stands for lines of this one."""
TRUST = "trust/"
"""Before the key of the environment file that names whom to trust."""
_COMMIT = re.compile("[0-9a-f]{40}")
_WARNED = {Outcome.WARN, Outcome.WAIVED}


def render_statement(results: Results) -> bytes:
    """The file's bytes: a statement about exactly these results, and the release when it is a whole commit id."""
    passed, warned, failed = _tests(results)
    return rfc8785.dumps(
        {
            "_type": STATEMENT,
            "subject": list(_subjects(results)),
            "predicateType": PREDICATE,
            "predicate": {
                "result": _result(results, spotless=not warned and not failed),
                "configuration": list(_configuration(results)),
                "passedTests": passed,
                "warnedTests": warned,
                "failedTests": failed,
            },
        }
    )


def _result(results: Results, *, spotless: bool) -> str:
    """The result in the words of in-toto's test-result predicate. INCOMPLETE is FAILED: nothing may be deployed on it."""
    if results.decision.verdict in {Verdict.NO_GO, Verdict.INCOMPLETE} or results.run.interrupted:
        return "FAILED"
    return "PASSED" if spotless and results.decision.verdict is Verdict.GO else "WARNED"


def _subjects(results: Results) -> Iterator[Mapping[str, Any]]:
    yield {"name": "results.json", "digest": {"sha256": results.digest}}
    release = results.run.release or ""
    if _COMMIT.fullmatch(release):
        yield {"name": "release", "digest": {"gitCommit": release}}


def _configuration(results: Results) -> Iterator[Mapping[str, Any]]:
    for name in ("evidence", "catalogue", "checks", "environment", "policy"):
        if digest := getattr(results.provenance, name):
            yield {"name": name, "digest": {"sha256": digest}}
    if words := asked(results):
        demanded, lines = results.asked
        listed = hashlib.sha256(results.checklist.encode()).hexdigest()
        yield {
            "name": CHECKLIST,
            "digest": {"sha256": listed},
            "annotations": {"asked": words, "demanded": demanded, "lines": lines},
        }
    for anchor in results.provenance.trust:
        if anchor.sha256:
            yield {"name": f"{TRUST}{anchor.place}", "digest": {"sha256": anchor.sha256}}
    for run in results.carried:
        if not run.problem:
            yield {"name": f"{CARRIED}{run.environment}/{run.id}/results.json", "digest": {"sha256": run.digest}}


def _tests(results: Results) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Passed, warned, failed: every planned check and every demanded line stands in exactly one of them."""
    checks, lines = results.checks, results.leaves
    passed = [check.id for check in checks if check.outcome is Outcome.PASS]
    passed += [f"{LINE}{line.id}" for line in lines if line.status in DONE - {LineStatus.WAIVED}]
    warned = [check.id for check in checks if check.outcome in _WARNED]
    warned += [f"{LINE}{line.id}" for line in lines if line.status is LineStatus.WAIVED]
    failed = [check.id for check in checks if check.outcome not in _WARNED | {Outcome.PASS}]
    failed += [f"{LINE}{line.id}" for line in lines if line.status not in DONE]
    return passed, warned, failed
