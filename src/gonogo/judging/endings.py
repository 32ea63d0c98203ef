"""The one translation from what ended a check or a step, pytest's own exceptions among it, to how it ended."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gonogo.base.errors import Failed, Unobserved, UsageError
from gonogo.evidence.journey import Ending
from gonogo.judging.evidence_lookup import EvidenceMissing
from gonogo.judging.seclusion import Hanging, Trespass
from gonogo.record.ended import Ended

_AUTHOR = "report it to its author"


class NoJudgement(Exception):
    """A check came to an end that says nothing about its subject; the message says why."""


@contextmanager
def nothing_left_to_await() -> Iterator[None]:
    """Raises NoJudgement if an async function was called in here, and never run."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", RuntimeWarning)
        yield
    for text in (str(warning.message) for warning in warned):
        if "was never awaited" in text:
            raise NoJudgement(f"{text}, so that nothing of it was judged; write def")


def ended_by(error: BaseException | None) -> Ended:
    """How a check or a step ended that raised this; None: it came to its end."""
    hint = ""
    ending: Ending
    match error:
        case None:
            ending, message = "pass", ""
        case Failed(fix=fix, blocks=blocks):
            return Ended(ending="fail", message=str(error), hint=fix, blocks=blocks)
        case AssertionError() | pytest.fail.Exception() if not isinstance(error, pytest.xfail.Exception):
            ending, message = "fail", str(error)
        case EvidenceMissing(failure=failure):
            ending = "skip" if failure.never_reached else "error"
            message, hint = failure.reason, failure.hint
        case Unobserved():
            ending, message, hint = "error", error.reason, error.hint
        case UsageError():  # of the environment file, or of a secret: it says itself what to do
            ending, message = "error", str(error)
        case pytest.skip.Exception():
            ending, message = "skip", str(error)
        case _:  # pytest.xfail among them, a kind of fail: nobody may expect a check to fail
            ending = "bug"
            message, hint = _mistake(error)
    return Ended(ending=ending, message=message, hint=hint)


def _mistake(error: BaseException) -> tuple[str, str]:
    """Why a check was stopped, or judges nothing, and the fix; no fix: its author knows."""
    match error:
        case Hanging():
            return f"it {error}", "a check judges what is recorded, at once"
        case Trespass():
            hint = "ask in a probe or in a step (docs/writing-a-check.md)"
            return f"it {error}; a check judges evidence, and sends no requests", hint
        case NoJudgement():
            return str(error), ""
        case _:
            return f"{type(error).__name__}: {error}", ""


def words(ended: Ended, title: str) -> tuple[str, str]:
    """Message and hint for people. ``title`` is the check's, and stands where an assertion has no message of its own."""
    if ended.ending == "bug":
        return f"bug in the check itself: {ended.message}", ended.hint or _AUTHOR
    if ended.ending != "fail":
        return ended.message, ended.hint
    # pytest adds its explanation of the assertion on lines of its own.
    message = ended.message.partition("\nassert ")[0].strip()
    if not message or message.startswith("assert "):
        message = f"{title}: not so ({message.partition(chr(10))[0] or 'no message'})"
    return message, ended.hint
