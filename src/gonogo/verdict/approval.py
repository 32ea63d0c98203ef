"""Whether a role may sign GO: one rule, for ``gonogo sign`` and for the page that is read before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gonogo.base.wording import counted
from gonogo.record.results import DONE, LineResult, LineStatus, Results, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """A statement of the role that the run does not show."""

    id: str
    line: LineResult | None
    """None: the list of this run does not have it."""

    @property
    def failed(self) -> bool:
        """Whether something speaks against it; otherwise nobody knows."""
        return self.line is not None and self.line.status is LineStatus.FAILED

    @property
    def words(self) -> str:
        """``“All technical requirements met” failed``."""
        if self.line is None:
            return f"{self.id} is not in the list of this run"
        return f"“{self.line.text}” {'failed' if self.failed else 'is open'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoRefusal:
    """Everything for which a role cannot sign GO; NO-GO and HOLD always remain."""

    verdict: Verdict | None
    """The machine's, where it keeps everybody from GO."""
    unsupported: Sequence[Unsupported]

    @property
    def words(self) -> str:
        """All of it in one line, the verdict first."""
        return "; ".join(self._parts())

    @property
    def brief(self) -> str:
        """``the verdict is NO-GO; 3 statements failed, 1 open``: the same, with the statements as numbers."""
        failed = sum(statement.failed for statement in self.unsupported)
        left = len(self.unsupported) - failed
        statements = [f"{counted(failed, 'statement')} failed"] if failed else []
        statements += [f"{left if failed else counted(left, 'statement')} open"] if left else []
        verdict = [f"the verdict is {self.verdict}"] if self.verdict is not None else []
        return "; ".join([*verdict, *([", ".join(statements)] if statements else [])])

    def _parts(self) -> Iterator[str]:
        if self.verdict is not None:
            yield f"the verdict is {self.verdict}"
        if self.unsupported:
            yield ", ".join(statement.words for statement in self.unsupported)


def go_refusal(results: Results, role: str) -> GoRefusal | None:
    """Why this role cannot sign GO over this run; None: it may, as long as what the run rests on has not ended."""
    lines = {line.id: line for line in results.lines}
    statements = next((result.statements for result in results.roles if result.id == role), ())
    unsupported = [
        Unsupported(id=identifier, line=lines.get(identifier))
        for identifier in statements
        if identifier not in lines or lines[identifier].status not in DONE
    ]
    verdict = results.decision.verdict
    if verdict.opens and not unsupported:
        return None
    return GoRefusal(verdict=None if verdict.opens else verdict, unsupported=unsupported)
