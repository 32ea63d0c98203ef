"""The demanded lines that are not done, in numbers: told alike by the verdict and by every format."""

from collections.abc import Collection

from gonogo.base.wording import counted
from gonogo.record.results import DONE, LineResult, LineStatus


def undone_words(lines: Collection[LineResult]) -> str:
    """``5 checklist lines failed, 3 open``, of those that are not done; empty where all are."""
    failed = sum(line.status is LineStatus.FAILED for line in lines)
    left = sum(line.status not in DONE for line in lines) - failed
    parts = [f"{counted(failed, 'checklist line')} failed"] if failed else []
    parts += [f"{left if failed else counted(left, 'checklist line')} open"] if left else []
    return ", ".join(parts)
