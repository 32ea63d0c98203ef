"""Alarms as people lived them: when each began, who was told, who took it in hand, and when it was over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gonogo.evidence.watch import ALARMS, Acknowledgement, AlertState, Receipt, Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One alarm from its first moment to its last."""

    id: str
    threshold: str
    state: AlertState
    """FIRING or NO DATA: how it began."""
    reason: str
    began: datetime
    ended: datetime | None = None
    """None: it is still open."""
    acknowledgement: Acknowledgement | None = None
    """The first one."""
    receipts: Sequence[Receipt] = ()

    @property
    def delivered(self) -> Sequence[Receipt]:
        """What arrived somewhere while it was not over."""
        return [receipt for receipt in self.receipts if receipt.delivered and receipt.event != "resolved"]

    def unanswered(self, until: datetime) -> timedelta:
        """For how long nobody had it in hand while it was open, up to a moment."""
        ends = [until, *([self.ended] if self.ended else [])]
        ends += [self.acknowledgement.utc] if self.acknowledgement else []
        return max(min(ends) - self.began, timedelta(0))

    @property
    def answered_within(self) -> timedelta | None:
        """The time until somebody had it in hand; None: nobody did."""
        return self.acknowledgement.utc - self.began if self.acknowledgement else None


def alarms_of(
    transitions: Iterable[Transition], acknowledgements: Iterable[Acknowledgement], receipts: Iterable[Receipt]
) -> Sequence[Alarm]:
    """All of them, in the order in which they began."""
    begins: dict[str, Transition] = {}
    ends: dict[str, datetime] = {}
    for transition in transitions:
        if transition.alert and transition.after in ALARMS:
            begins.setdefault(transition.alert, transition)
        elif transition.alert:
            ends[transition.alert] = transition.utc
    answered = {one.alert: one for one in sorted(acknowledgements, key=lambda one: one.utc, reverse=True)}
    told: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        told.setdefault(receipt.alert, []).append(receipt)
    return [
        Alarm(
            id=identifier,
            threshold=begin.threshold,
            state=begin.after,
            reason=begin.reason,
            began=begin.utc,
            ended=ends.get(identifier),
            acknowledgement=answered.get(identifier),
            receipts=told.get(identifier, ()),
        )
        for identifier, begin in begins.items()
    ]
