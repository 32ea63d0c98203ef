"""Where readings come from: the service's own metrics, and gonogo's checks."""

import random
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from gonogo.evidence.watch import Reading
from gonogo.families.watch.scraping import Scraper
from gonogo.families.watch.section import Watch
from gonogo.families.watch.signals import Samples
from gonogo.watching.surroundings import NOT_YET, Surroundings
from gonogo.watching.synthetic import Synthetic

_FIRST_WITHIN_SECONDS = 30.0
"""The rounds begin with what checks say, where they say anything by then."""
_JITTER = 0.1
"""Share of a cadence by which each look is later, at random: several watches do not ask at the same moment."""


@dataclass(slots=True)
class OwnMetrics:
    """Signals of the series that the service itself shows."""

    scraper: Scraper
    watch: Watch
    _samples: Samples = field(init=False)

    def __post_init__(self) -> None:
        self._samples = Samples(self.watch)

    def unknown(self) -> Mapping[str, str]:
        """Scrape once: metrics that are watched, and that the service does not know; none where it did not answer."""
        scraped, samples = self.scraper.scrape(), Samples(self.watch)
        samples.add(0.0, scraped.samples, scraped.failure)
        return samples.unknown()

    def read(self, at: float) -> Mapping[str, Reading]:
        """Scrape once, and read every signal."""
        scraped = self.scraper.scrape()
        self._samples.add(at, scraped.samples, scraped.failure)
        names = [name for name, watched in self.watch.watched.items() if watched.signal.selectors]
        return {name: self._samples.read(name, at) for name in names}


class AskedChecks:
    """Signals of gonogo's checks; beside them journeys, and what the launch stands on. Asked by threads that go on by themselves.

    What takes long has a process of its own: it makes no check old.
    """

    def __init__(self, synthetic: Synthetic, slow: Synthetic, watch: Watch, walked: Collection[str] = ()) -> None:
        """``walked`` are the checks that are steps of journeys: they are known from the last walk."""
        self._synthetic, self._slow, self._watch, self._walked = synthetic, slow, watch, walked
        self._checks = {name: one.signal.checks for name, one in watch.watched.items() if one.signal.checks}
        self._stop, self._asked_once = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._soon = watch.checks_every
        """How long after a look that did not see everything the next one begins."""
        self.looked: Surroundings | str = NOT_YET
        """What the launch stands on, as it was seen last; or why it could not be seen."""

    def start(self) -> None:
        """Begin to ask. Returns when there was an answer about the checks, or soon."""
        watch = self._watch
        checks = sorted({check for several in self._checks.values() for check in several} - set(self._walked))
        slow: list[_Job] = [self._look]
        if watch.journeys_every is not None:
            slow.append(_every(watch.journeys_every, lambda: self._slow.ask(())))
        self._begin(slow)
        if checks:
            self._begin([_every(watch.checks_every, lambda: self._ask(checks))])
            self._asked_once.wait(_FIRST_WITHIN_SECONDS)

    def read(self, at: float) -> Mapping[str, Reading]:
        """What is known of each signal now."""
        return {name: self._read(checks, at) for name, checks in self._checks.items()}

    def _read(self, checks: Sequence[str], at: float) -> Reading:
        """How many of these do not pass, of those that are asked and of those that are walked."""
        watch, parts = self._watch, list[Reading]()
        if asked := [check for check in checks if check not in self._walked]:
            parts.append(self._synthetic.read(asked, at, every_seconds=_seconds(watch.checks_every)))
        if walked := [check for check in checks if check in self._walked]:
            every = watch.journeys_every or watch.checks_every
            parts.append(self._slow.read(walked, at, every_seconds=_seconds(every)))
        failing = [part for part in parts if part.value]
        missing = next((part for part in parts if part.value is None), None)
        if failing or missing is None:
            value = sum(part.value or 0.0 for part in failing)
            return Reading(at=at, value=value, missing="; ".join(part.missing for part in failing))
        return missing

    def close(self) -> None:
        """Ask no more; what is under way is waited for."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._synthetic.close()
        self._slow.close()

    def _begin(self, jobs: "list[_Job]") -> None:
        thread = threading.Thread(target=self._go_on, args=(jobs,), name="gonogo-synthetic", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _go_on(self, jobs: "list[_Job]") -> None:
        """One after another, each at its cadence: two of them are never under way."""
        following = [time.monotonic()] * len(jobs)
        while not self._stop.is_set():
            for number, ask in enumerate(jobs):
                if (now := time.monotonic()) >= following[number] and not self._stop.is_set():
                    jitter = 1 + random.uniform(0, _JITTER)  # noqa: S311 - no secret
                    following[number] = now + _seconds(ask()) * jitter
            self._stop.wait(max(0.0, min(following) - time.monotonic()))

    def _ask(self, checks: Sequence[str]) -> None:
        self._synthetic.ask(checks)
        self._asked_once.set()

    def _look(self) -> timedelta:
        """Look; soon again where not all of it was seen, and less soon each time: who never answers is asked no more often."""
        self.looked = looked = self._slow.look()
        usual, pause = self._watch.surroundings_every, self._soon
        whole = not isinstance(looked, str) and not looked.unread
        self._soon = self._watch.checks_every if whole else 2 * pause
        return usual if whole else min(pause, usual)


_Job = Callable[[], timedelta]
"""What is asked; it says how long after its beginning it is to be asked again."""


def _every(pause: timedelta, ask: Callable[[], object]) -> _Job:
    """Ask at one cadence, whatever the answer."""

    def job() -> timedelta:
        ask()
        return pause

    return job


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()
