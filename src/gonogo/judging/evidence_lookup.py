"""Finds the evidence that a check is given."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from gonogo.evidence.base import Evidence, Key, Scope
from gonogo.evidence.record import Failure, Record
from gonogo.evidence.scopes import ByScope
from gonogo.families.kind import EvidenceKind
from gonogo.planning.plan import GROUP, PlannedCheck, evidence_arguments
from gonogo.record.recording import facts

_NOWHERE: ByScope[Scope] = ByScope()


class EvidenceMissing(Exception):
    """A check asked for evidence that there is none of."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.reason)


@dataclass(frozen=True, slots=True)
class EvidenceLookup:
    """Finds evidence for checks: by kind, and by the scope that the check is about."""

    kinds: Mapping[str, EvidenceKind]
    scopes: Mapping[str, ByScope[Scope]]
    """All scopes of a kind that were planned."""

    @classmethod
    def of(cls, kinds: Mapping[str, EvidenceKind], scopes: Mapping[str, Sequence[Scope]]) -> Self:
        """Makes an index over the planned scopes."""
        indexed = {kind: ByScope((scope, scope) for scope in planned) for kind, planned in scopes.items()}
        return cls(kinds=kinds, scopes=indexed)

    def keys(self, check: PlannedCheck, scope: Scope) -> Iterator[Key]:
        """Every record that one run of this check will ask for."""
        for argument in evidence_arguments(check.declaration, self.kinds):
            yield from self.resolve(argument, scope)

    def resolve(self, argument: str, scope: Scope) -> Sequence[Key]:
        """The records behind one argument: one for ``tls``, any number for ``tls_all``."""
        if argument in self.kinds:
            return [(argument, record) for record in self._nearest(argument, scope)]
        kind = argument.removesuffix(GROUP)
        return [(kind, record) for record in self.scopes.get(kind, _NOWHERE).same_host(scope)]

    def _nearest(self, kind: str, scope: Scope) -> Sequence[Scope]:
        planned = self.scopes.get(kind, _NOWHERE)
        return planned.exact(scope)[:1] or planned.related(scope)


def present(records: Sequence[Record]) -> list[Evidence]:
    """The evidence of these records. Raises EvidenceMissing for the first that has none."""
    for record in records:
        if record.failure is not None:
            raise EvidenceMissing(record.failure)
    return [record.evidence for record in records if record.evidence is not None]


def shown(records: Sequence[Record]) -> Any:  # noqa: ANN401 - plain JSON values
    """The facts of one argument, for the page."""
    shown_facts = [_for_the_page(record.evidence) for record in records if record.evidence is not None]
    return shown_facts[0] if len(shown_facts) == 1 else shown_facts


def _for_the_page(evidence: Evidence) -> dict[str, Any]:
    return {fact: value for fact, value in facts(evidence).items() if fact not in evidence.only_recorded}
