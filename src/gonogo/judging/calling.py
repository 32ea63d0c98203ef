"""Calls a check itself, and keeps how it ended, whatever a conftest makes of the call and of its report."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gonogo.base.comparing import Noted, noting
from gonogo.base.supervision import tell
from gonogo.judging.collected_items import is_function_of
from gonogo.judging.endings import NoJudgement, ended_by, nothing_left_to_await
from gonogo.judging.seclusion import secluded
from gonogo.planning.declarations import Declaration
from gonogo.record.ended import Ended

ENDED = pytest.StashKey[Ended]()
"""How a check ended that was called, a step that was walked, or what blocked either."""

_COMPARED = pytest.StashKey[Noted]()


def call_check(item: pytest.Function, declaration: Declaration, limit: timedelta) -> None:
    """Let a check judge in seclusion. Raises as the check does, and for whatever is no judgement."""
    if not is_function_of(item, declaration):
        raise NoJudgement("something took its place after it was planned; look for a conftest.py that does")
    arguments = {name: item.funcargs[name] for name in declaration.arguments}
    tell(f"calling {limit.total_seconds():g}")
    try:
        with noting() as item.stash[_COMPARED], secluded(limit), nothing_left_to_await():
            returned = item.obj(**arguments)
    except pytest.exit.Exception as ended:
        raise NoJudgement(f"it ended pytest: {ended}") from None
    finally:
        tell("called")
    if returned is not None:
        raise NoJudgement(f"it gave back {returned!r:.60}, which asserts nothing; write assert")


def ended(item: pytest.Item, call: pytest.CallInfo[None]) -> Ended:
    """How a check ended, with what it was judged by; what nobody called has not passed."""
    how = _how(item, call)
    return replace(how, compared=tuple(item.stash[_COMPARED].values())) if _COMPARED in item.stash else how


def _how(item: pytest.Item, call: pytest.CallInfo[None]) -> Ended:
    kept = item.stash.get(ENDED, None)
    if kept is not None and kept.cause is not None:
        return kept
    error = call.excinfo.value if call.excinfo else None
    if call.when != "call" or error is not None:
        return ended_by(error)
    replaced = NoJudgement("something else was called in its place; look for a conftest.py that takes over its call")
    return kept or ended_by(replaced)
