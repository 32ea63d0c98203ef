"""What is different from the run before, as people read it."""

from collections.abc import Mapping, Sequence

from gonogo.results import Change, Results

_LOUDEST_FIRST = ("policy changed", "newly failing", "became unverified", "removed", "added", "fixed")


def grouped_changes(results: Results) -> Mapping[str, Sequence[Change]]:
    """By kind, the loudest first; kinds that there are none of are left out."""
    changes = results.history.changes
    grouped = {kind: [change for change in changes if change.kind == kind] for kind in _LOUDEST_FIRST}
    return {kind: found for kind, found in grouped.items() if found}


def since(results: Results) -> str:
    """The run that this one is compared with; empty if there is none."""
    history = results.history
    return history.since or (history.runs[-1].id if history.runs and history.changes else "")


def change_line(results: Results) -> str:
    """All of it in one line."""
    if not results.history.runs:
        return "first run of this gate on record"
    base = since(results)
    if not base:
        return "no earlier run to compare with"
    counted = ", ".join(f"{len(found)} {kind}" for kind, found in grouped_changes(results).items())
    return f"{counted or 'nothing is different'}, since {base}"
