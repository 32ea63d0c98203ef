"""What the live page shows after each round: the facts of the loop and of the journal, put together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gonogo.evidence.watch import CHANGED, FACT, Receipt
from gonogo.families.watch.section import Launch, Watch
from gonogo.families.watch.trail import Trail
from gonogo.watching.announcer import ChannelState
from gonogo.watching.duties import done_duties
from gonogo.watching.facts import LiveFacts, LiveRound
from gonogo.watching.ledger import Ledger
from gonogo.watching.polling import Seals
from gonogo.watching.rows import LiveState
from gonogo.watching.state import live_state
from gonogo.watching.surroundings import Surroundings


@dataclass(slots=True, kw_only=True)
class Live:
    """Follows a watch round by round."""

    service: str
    environment: str
    watch: Watch
    launch: Launch
    """With T-0 as this watch knows it."""
    journal: Ledger
    seals: Seals
    roles: Mapping[str, str] = field(default_factory=dict)
    """Id and title of those that are polled."""
    _trails: dict[str, Trail] = field(init=False)
    _rounds: int = field(init=False)

    def __post_init__(self) -> None:
        readings = self.journal.all_readings()
        self._trails = {
            name: Trail.of(watched, self.watch, readings.get(name, ())) for name, watched in self.watch.watched.items()
        }
        self._rounds = self.journal.number_of_rounds

    def state(
        self,
        now: LiveRound,
        channels: Mapping[str, ChannelState],
        looked: Surroundings | str,
    ) -> LiveState:
        """The state after this round."""
        self._rounds += 1
        for name, reading in now.readings.items():
            if name in self._trails:
                self._trails[name].add(reading)
        return live_state(self._facts(now, channels, looked), self.launch, self.watch, now.utc)

    def _facts(self, now: LiveRound, channels: Mapping[str, ChannelState], looked: Surroundings | str) -> LiveFacts:
        journal, events, receipts = self.journal, self.journal.events, self.journal.receipts
        return LiveFacts(
            service=self.service,
            environment=self.environment,
            began=journal.began,
            round=now,
            rounds=self._rounds,
            alerts=now.alerts,
            trails=self._trails,
            transitions=journal.transitions,
            acknowledgements=journal.acknowledgements,
            receipts=receipts,
            gaps=journal.gaps,
            events=[event for event in events if event.kind != FACT],
            roles=self.roles,
            polls=journal.polls,
            seals={poll: self.seals.of(poll) for poll in journal.polls},
            done=done_duties(events),
            channels_down={name: state.reason for name, state in channels.items() if state.down_since},
            channel_failures=_failures(receipts),
            changes=[event.text for event in events if event.kind == CHANGED],
            rollback=self._way_back(looked),
            unwritten=journal.unwritten,
        )

    def _way_back(self, looked: Surroundings | str) -> Sequence[str]:
        command = (self.launch.rollback,) if self.launch.rollback else ()
        if isinstance(looked, str):
            return (*command, f"it is not known whether a rollback is possible: {looked}")
        return (*command, *looked.rollback, *looked.unread_lines)


def _failures(receipts: Sequence[Receipt]) -> Mapping[str, int]:
    """Attempts that failed, by channel."""
    failed: Counter[str] = Counter()
    for receipt in receipts:
        failed[receipt.channel] += receipt.attempts - int(receipt.delivered)
    return failed
