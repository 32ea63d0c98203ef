"""Judges recorded evidence again: the same evidence, the same checks, the same verdict."""

import json
from pathlib import Path

from pydantic import ValidationError

from gonogo.errors import UsageError
from gonogo.results import RESULTS, SCHEMA, Results
from gonogo.run import replayed
from gonogo.session import judge


def read_results(path: Path) -> Results:
    """Read ``results.json``. Raises UsageError when it is missing, damaged, or of another schema."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; give the folder of a run, as in reports/staging/latest") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not readable as JSON ({error}); restore it from the run's artefacts") from None
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        raise UsageError(f"{path}: schema is {schema!r}; this gonogo reads {SCHEMA!r}")
    try:
        return RESULTS.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{path}: {where}: {first['msg']}; the file was damaged or edited") from None


def judged_again(folder: Path, project: Path) -> Results:
    """The results that the folder's evidence gives now."""
    evidence = (folder / "evidence.json").read_bytes() if (folder / "evidence.json").exists() else b""
    run = replayed(folder, project)
    plugin = judge(run)
    return run.results(plugin.seen, evidence, unseen=plugin.unseen_because)


def differences(recorded: Results, again: Results) -> list[str]:
    """Every outcome that is not the same, in words."""
    before = {check.id: check.outcome for check in recorded.checks}
    after = {check.id: check.outcome for check in again.checks}
    found = [
        f"{identifier}: recorded {before.get(identifier, 'nothing')}, judged again {after.get(identifier, 'nothing')}"
        for identifier in sorted(before.keys() | after.keys())
        if before.get(identifier) != after.get(identifier)
    ]
    if recorded.decision != again.decision:
        found.append(f"verdict: recorded {recorded.decision.verdict}, judged again {again.decision.verdict}")
    if recorded.provenance.evidence != again.provenance.evidence:
        found.append("evidence.json is not the file that results.json was computed from")
    return found
