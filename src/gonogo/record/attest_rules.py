"""Which roles the list names for its lines, as two runs had it."""

from collections.abc import Mapping, Sequence

from gonogo.base.errors import UsageError
from gonogo.record.results import Results

Roles = Mapping[str, Sequence[str]]
"""By the id of a line."""


def attest_rules(before: Results, after: Results) -> tuple[Roles, Roles]:
    """The roles by line, of both runs; nothing where both had the same list.

    They are read from the text of the list: the result of a line has roles only while people are asked for it, and
    so they come and go with the outcomes of its checks. Records without that text have nothing else.
    """
    if before.checklist and before.checklist == after.checklist:
        return {}, {}
    then, now = _of_text(before), _of_text(after)
    if then is None or now is None:
        return _of_results(before), _of_results(after)
    return then, now


def _of_text(results: Results) -> Roles | None:
    from gonogo.policy.checklist import parse_checklist  # noqa: PLC0415 - reading a run needs no parser of Markdown

    if not results.checklist:
        return None
    try:
        return {line.id: line.attest for line in parse_checklist(results.checklist, "").lines if line.id}
    except UsageError:
        return None


def _of_results(results: Results) -> Roles:
    return {line.id: line.attest for line in results.lines}
