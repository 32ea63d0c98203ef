"""How a check or a step of a journey ended, and the one outcome that this is."""

from dataclasses import dataclass, replace
from typing import Self

from gonogo.base.comparing import Compared
from gonogo.base.redaction import Redactor
from gonogo.evidence.journey import Ending, StepEvidence
from gonogo.policy.severity import Severity
from gonogo.record.results import Cause, Outcome

_OUTCOMES = {
    "pass": Outcome.PASS,
    "error": Outcome.ERROR,
    "bug": Outcome.ERROR,
    "skip": Outcome.NOT_RUN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One ending of a check or a step, whether it happens now or is read from a record."""

    ending: Ending
    message: str = ""
    """Why it did not pass; empty for a pass."""
    hint: str = ""
    """What the reader may do about it; empty where nothing is known."""
    blocks: bool = True
    """Whether checks that need it cannot be judged after a failure of it."""
    cause: Cause | None = None
    """The check that blocked it: it never began."""
    compared: tuple[Compared, ...] = ()
    """What it was judged by, until it ended."""

    @classmethod
    def of_step(cls, step: StepEvidence) -> Self:
        """How a step ended when it was walked."""
        return cls(ending=step.ending, message=step.message, hint=step.hint, compared=step.compared)

    def measured(self, redactor: Redactor) -> tuple[Compared, ...]:
        """What it was judged by, for the record: without secrets, and then cut to what people read."""
        return tuple(
            replace(
                compared,
                observed=_redacted(compared.observed, redactor),
                wanted=_redacted(compared.wanted, redactor),
            ).shortened
            for compared in self.compared
        )

    def outcome(self, severity: Severity) -> Outcome:
        """The outcome of a check of this severity. What its author must repair is an ERROR, never the target's FAIL."""
        if self.cause is not None:
            return Outcome.BLOCKED
        if self.ending == "fail":
            return Outcome.FAIL if severity is Severity.BLOCKER else Outcome.WARN
        return _OUTCOMES[self.ending]


def _redacted(value: float | str, redactor: Redactor) -> float | str:
    return redactor.text(value) if isinstance(value, str) else value
