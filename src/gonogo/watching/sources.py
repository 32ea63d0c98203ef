"""Where readings come from: the service's own metrics, and gonogo's checks."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from gonogo.evidence.watch import Reading
from gonogo.families.watch.scraping import Scraper
from gonogo.families.watch.section import Watch
from gonogo.families.watch.signals import Samples
from gonogo.watching.surroundings import Surroundings
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

    def read(self, at: float) -> Mapping[str, Reading]:
        """Scrape once, and read every signal."""
        scraped = self.scraper.scrape()
        self._samples.add(at, scraped.samples, scraped.failure)
        names = [name for name, watched in self.watch.watched.items() if watched.signal.selectors]
        return {name: self._samples.read(name, at) for name in names}


class AskedChecks:
    """Signals of gonogo's checks, and what the launch stands on, asked in a thread that goes on by itself."""

    def __init__(self, synthetic: Synthetic, watch: Watch) -> None:
        self._synthetic, self._watch = synthetic, watch
        self._checks = {name: one.signal.checks for name, one in watch.watched.items() if one.signal.checks}
        self._stop, self._asked_once = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.looked: Surroundings | str = "nobody has looked yet"
        """What the launch stands on, as it was seen last; or why it could not be seen."""

    def start(self) -> None:
        """Begin to ask. Returns when there was an answer, or soon."""
        self._thread = threading.Thread(target=self._ask, name="gonogo-synthetic", daemon=True)
        self._thread.start()
        self._asked_once.wait(_FIRST_WITHIN_SECONDS)

    def read(self, at: float) -> Mapping[str, Reading]:
        """What is known of each signal now."""
        every = self._watch.checks_every.total_seconds()
        return {name: self._synthetic.read(checks, at, every_seconds=every) for name, checks in self._checks.items()}

    def interrupt(self) -> None:
        """Begin nothing more."""
        self._stop.set()

    def close(self) -> None:
        """Ask no more; what is under way is waited for."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._synthetic.close()

    def _ask(self) -> None:
        checks = sorted({check for several in self._checks.values() for check in several})
        if not checks:
            self._asked_once.set()
        kinds: list[tuple[float, Callable[[], object]]] = [(_seconds(self._watch.surroundings_every), self._look)]
        if checks:
            kinds.insert(0, (_seconds(self._watch.checks_every), lambda: self._synthetic.ask(checks)))
        if self._watch.journeys_every is not None:
            kinds.append((_seconds(self._watch.journeys_every), lambda: self._synthetic.ask(())))
        following = [time.monotonic()] * len(kinds)
        while not self._stop.is_set():
            for number, (every, ask) in enumerate(kinds):
                if time.monotonic() >= following[number] and not self._stop.is_set():
                    pause = every * (1 + random.uniform(0, _JITTER))  # noqa: S311 - no secret
                    following[number] = time.monotonic() + pause
                    ask()
                    self._asked_once.set()
            self._stop.wait(max(0.0, min(following) - time.monotonic()))

    def _look(self) -> None:
        self.looked = self._synthetic.look()


def _seconds(duration: timedelta) -> float:
    return duration.total_seconds()
