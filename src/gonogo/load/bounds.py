"""The generator may have added to latencies, by its own lateness, or left out visits: these are the bounds of both.

Requests count from when they were due, so a generator that is late makes a service look slower, never faster; what it
can hide are requests that it did not make. A limit that is kept, or missed, at both ends of that is decided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gonogo.evidence.load import GeneratorSecond
from gonogo.evidence.load_fitness import MOST_CLOCK_STEP, sickness
from gonogo.load.fitness import PROBE_SECONDS

_WAKE_UPS = 4
"""In the life of a request this process is woken so often: it begins, connects, shakes hands in two round trips. When
a reply came is told by the kernel, whenever this process wakes. One of them may be as late as the worst of the second;
the others are as late as 95 % of its probes: two that are later are too rare to matter for a limit in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """The slack of one second, in seconds."""

    added: float = 0.0
    """So much of a latency may be the generator's own."""
    hidden: float = 0.0
    """So much may be missing from a latency."""


@dataclass(frozen=True, slots=True)
class Slacks:
    """The slack of all seconds: of each the worst of all processes."""

    by_second: Mapping[int, Slack]
    """Slacks by the second of the wall clock."""

    def during(self, begins: int, seconds: float) -> Slack:
        """The worst while a request lasted that was due in this second."""
        lived = [
            self.by_second[second] for second in range(begins, begins + int(seconds) + 2) if second in self.by_second
        ]
        return Slack(
            added=max((slack.added for slack in lived), default=0.0),
            hidden=max((slack.hidden for slack in lived), default=0.0),
        )


def slacks(generator: Iterable[GeneratorSecond]) -> Slacks:
    """Compute the slack of each second; seconds in which nothing was wrong are left out."""
    by_second: dict[int, Slack] = {}
    for sample in generator:
        if not sickness(sample):
            continue
        slack = _slack(sample)
        for second in (sample.second, sample.second + 1):  # a report ends in the second after the one that it began in
            before = by_second.get(second, Slack())
            by_second[second] = Slack(added=max(before.added, slack.added), hidden=max(before.hidden, slack.hidden))
    return Slacks(by_second)


def _slack(second: GeneratorSecond) -> Slack:
    """A sick second's. A delay may have begun between two probes, and is longer by that."""
    step = abs(second.clock_step).total_seconds() if abs(second.clock_step) > MOST_CLOCK_STEP else 0.0
    worst = max(second.worst, second.lag).total_seconds() + PROBE_SECONDS
    return Slack(added=worst + (_WAKE_UPS - 1) * second.lag.total_seconds() + step, hidden=step)


def not_made(generator: Sequence[GeneratorSecond], requests: int) -> float:
    """The share of all requests that should have been made, and were not: the service never saw them."""
    planned = sum(second.planned for second in generator)
    not_begun = max(0, planned - sum(second.begun + second.begun_late for second in generator))
    own_errors = sum(second.own_errors for second in generator)
    never_begun = not_begun / planned if planned else 0.0
    never_sent = own_errors / (requests + own_errors) if own_errors else 0.0
    return 1 - (1 - never_begun) * (1 - never_sent)


def sick_share(generator: Sequence[GeneratorSecond]) -> float:
    """The share of the generator's seconds in which something was wrong with it."""
    return sum(bool(sickness(second)) for second in generator) / len(generator) if generator else 1.0
