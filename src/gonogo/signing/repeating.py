"""Whether a record says of its checks and lines what they say when they are judged again.

``runs.replay`` compares outcomes, and values that decided them. Here is all the rest that people read on the page: titles,
messages, facts, and what each line stands on. Whoever edits them changes no verdict, and what a signer takes it to mean.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gonogo.record.differing import Difference, differing
from gonogo.record.results import CheckResult, LineResult, Results
from gonogo.record.shown_facts import facts_at
from gonogo.signing.redacted import may_be_same

_SEPARATOR = "; "


def said_otherwise(recorded: Results, again: Results) -> Iterator[str]:
    """Every such difference, with both values. The history of a run is nothing that its own evidence could give."""
    checks, lines = {check.id: check for check in again.checks}, {line.id: line for line in again.lines}
    for check in recorded.checks:
        other = checks[check.id]
        # Where in the team's files somebody acts is told by the files as they were when it ran.
        if replace(check, file=other.file, line=other.line) != other:
            yield from _unlike(f"checks.{check.id}", _whole(check, recorded), _whole(other, again))
    for line in recorded.lines:
        yield from _unlike(f"lines.{line.id}", _in_order(line), _in_order(lines[line.id]))
    for name in ("counts", "causes", "decision", "checklist"):
        yield from _unlike(name, getattr(recorded, name), getattr(again, name))


def _unlike(place: str, recorded: Any, again: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a record
    return (
        difference.words("judged again")
        for difference in differing(recorded, again, place)
        if not _hides_a_secret(difference)
    )


def _hides_a_secret(difference: Difference) -> bool:
    """Whether the texts are the same but for what is redacted: in the evidence it is covered in another place."""
    match difference.recorded, difference.computed:
        case str(before), str(after):
            return may_be_same(before, after)
    return False


def _whole(check: CheckResult, results: Results) -> CheckResult:
    """The check with its facts in their place, in whichever order checks were judged; values are compared elsewhere."""
    observations = [
        replace(
            observation,
            measured=(),
            facts={kind: facts_at(results.checks, kind, facts) for kind, facts in observation.facts.items()},
        )
        for observation in check.observations
    ]
    return replace(check, file="", line=0, observations=observations)


def _in_order(line: LineResult) -> LineResult:
    """The line with its lists in one order: that of a table's keys is another after they were written and read."""
    return replace(
        line,
        why=_SEPARATOR.join(sorted(line.why.split(_SEPARATOR))),
        checks=sorted(line.checks),
        supporting=sorted(line.supporting),
        supports=sorted(line.supports),
    )
