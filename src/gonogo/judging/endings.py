"""How a check or a step ended, and the one outcome that this is."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.evidence.journey import StepEvidence
from gonogo.evidence.record import Failure
from gonogo.journey.step import Skipped
from gonogo.judging.evidence_lookup import EvidenceMissing
from gonogo.judging.seclusion import Hanging, Trespass
from gonogo.planning.plan import PlannedCheck
from gonogo.policy.catalogue import Severity
from gonogo.record.results import Outcome

_AUTHOR = "report it to its author"


class ReturnedValue(Exception):
    """A check returned a value, which is no judgement."""


@contextmanager
def nothing_left_to_await() -> Iterator[None]:
    """Raises ReturnedValue if an async function was called in here, and never run."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", RuntimeWarning)
        yield
    for lost in (str(warning.message) for warning in heard):
        if "was never awaited" in lost:
            raise ReturnedValue(f"{lost}, so that nothing of it was judged; write def")


class StepBroke(Exception):
    """A step raised something that is neither a failed assertion nor Unobserved."""


def outcome_of(check: PlannedCheck, error: BaseException | None) -> tuple[Outcome, str, str]:
    """Outcome, message and hint of a check that ended like this."""
    match error:
        case None:
            return Outcome.PASS, "", ""
        case AssertionError() | pytest.fail.Exception() if not isinstance(error, pytest.xfail.Exception):
            outcome = Outcome.FAIL if check.line.severity is Severity.BLOCKER else Outcome.WARN
            return outcome, _said(check, str(error)), ""
        case EvidenceMissing(failure=failure):
            return _missing(failure), failure.reason, failure.hint
        case Unobserved():
            return Outcome.ERROR, error.reason, error.hint
        case pytest.skip.Exception():
            return Outcome.NOT_RUN, str(error), ""
    words, hint = _mistake(error)
    return Outcome.ERROR, f"bug in the check itself: {words}", hint


def _mistake(error: BaseException | None) -> tuple[str, str]:
    """The reason why a check was stopped, and the fix."""
    match error:
        case Hanging():
            return f"it {error}", "a check judges what is recorded, at once"
        case Trespass():
            hint = "ask in a probe or in a step (docs/writing-a-check.md)"
            return f"it {error}; a check judges evidence, and asks nobody", hint
        case ReturnedValue() | StepBroke():
            return str(error), _AUTHOR
        case _:
            return f"{type(error).__name__}: {error}", _AUTHOR


def _said(check: PlannedCheck, text: str) -> str:
    """The check's own message, without the explanation that pytest adds to it."""
    message = text.partition("\nassert ")[0].strip()
    if not message or message.startswith("assert "):
        return f"{check.line.title}: not so ({message.partition(chr(10))[0] or 'no message'})"
    return message


def _missing(failure: Failure) -> Outcome:
    return Outcome.NOT_RUN if failure.never_reached else Outcome.ERROR


def in_our_words(call: Callable[[Any], object], walk: object) -> None:
    """Call the step, and turn pytest's own exceptions, which are no ``Exception``, into StepBroke."""
    try:
        call(walk)
    except pytest.xfail.Exception:
        raise
    except pytest.fail.Exception as failed:
        raise AssertionError(str(failed)) from None
    except pytest.skip.Exception as skipped:
        raise Skipped(str(skipped)) from None


def end_step(step: StepEvidence) -> None:
    """Raise what a step ended with when it was walked."""
    match step.ending:
        case "fail":
            raise AssertionError(step.message)
        case "error":
            raise Unobserved(step.message, hint=step.hint)
        case "skip":
            pytest.skip(step.message)
        case "bug":
            raise StepBroke(step.message)
