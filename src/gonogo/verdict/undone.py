"""The demanded lines that are not done, in numbers: told alike by the verdict and by every format."""

from collections.abc import Collection

from gonogo.base.wording import counted
from gonogo.record.results import DONE, LineResult, LineStatus


def undone_words(lines: Collection[LineResult]) -> str:
    """``8 checklist lines not done (5 failed, 3 open)``; where all of them failed, or are open, that; empty where all are done."""
    failed = sum(line.status is LineStatus.FAILED for line in lines)
    left = sum(line.status not in DONE for line in lines) - failed
    if failed and left:
        return f"{counted(failed + left, 'checklist line')} not done ({failed} failed, {left} open)"
    if failed or left:
        return f"{counted(failed or left, 'checklist line')} {'failed' if failed else 'open'}"
    return ""
