"""Facts that many checks judge are recorded once, at the first of them; the others say where."""

from collections.abc import Iterable, Mapping
from typing import Any

from gonogo.record.results import CheckResult

SHOWN_AT = "shown at"
"""In the place of facts that an earlier check judged as well: its id. Beside it stands its ``target``."""


def facts_at(checks: Iterable[CheckResult], kind: str, facts: Any) -> Any:  # noqa: ANN401 - JSON values
    """The facts themselves, where these only say at which of the checks they are shown."""
    if not (isinstance(facts, Mapping) and SHOWN_AT in facts):
        return facts
    target = tuple(facts.get("target", ()))
    shown = (
        observation.facts.get(kind, facts)
        for check in checks
        if check.id == facts[SHOWN_AT]
        for observation in check.observations
        if not target or observation.scope == target
    )
    return next(shown, facts)
