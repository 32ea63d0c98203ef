"""Judges recorded evidence again: the same evidence, the same checks, the same verdict."""

from pathlib import Path

from gonogo.judging.session import judge
from gonogo.record.archive import read_results
from gonogo.record.results import Results
from gonogo.runs.run import replayed

__all__ = ["differences", "judged_again", "read_results"]


def judged_again(folder: Path, project: Path) -> Results:
    """The results that the folder's evidence gives now."""
    evidence = (folder / "evidence.json").read_bytes() if (folder / "evidence.json").exists() else b""
    run = replayed(folder, project)
    # Nobody reads how pytest would show a failure, nor what was logged, and both take their time.
    plugin = judge(run, "--tb=no", "-p", "no:logging")
    return run.results(plugin.seen, evidence, unseen=plugin.unseen_because)


def differences(recorded: Results, again: Results) -> list[str]:
    """Every outcome that is not the same, in words."""
    before: dict[str, str] = {check.id: check.outcome for check in recorded.checks}
    before |= {f"line {line.id}": line.status for line in recorded.lines}
    after: dict[str, str] = {check.id: check.outcome for check in again.checks}
    after |= {f"line {line.id}": line.status for line in again.lines}
    found = [
        f"{identifier}: recorded {before.get(identifier, 'nothing')}, judged again {after.get(identifier, 'nothing')}"
        for identifier in sorted(before.keys() | after.keys())
        if before.get(identifier) != after.get(identifier)
    ]
    if recorded.decision != again.decision:
        found.append(f"verdict: recorded {recorded.decision.verdict}, judged again {again.decision.verdict}")
    found += [
        f"{what}: recorded otherwise than they are judged again"
        for what in ("exceptions", "findings", "roles")
        if getattr(recorded, what) != getattr(again, what)
    ]
    if recorded.provenance.evidence != again.provenance.evidence:
        found.append("evidence.json is not the file that results.json was computed from")
    return found
