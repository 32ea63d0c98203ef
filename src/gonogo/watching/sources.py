"""Where readings come from: the service's own metrics, and gonogo's checks."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gonogo.evidence.watch import Reading
from gonogo.families.watch.scraping import Scraper
from gonogo.families.watch.section import Watch
from gonogo.families.watch.signals import Samples
from gonogo.watching.synthetic import Synthetic

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
    """Signals of gonogo's checks, asked in a thread that goes on by itself."""

    def __init__(self, synthetic: Synthetic, watch: Watch) -> None:
        self._synthetic, self._watch = synthetic, watch
        self._checks = {name: one.signal.checks for name, one in watch.watched.items() if one.signal.checks}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, now: Callable[[], float]) -> None:
        """Begin to ask; ``now`` is the place on the watch's axis."""
        self._thread = threading.Thread(target=self._ask, args=(now,), name="gonogo-synthetic", daemon=True)
        self._thread.start()

    def read(self, at: float) -> Mapping[str, Reading]:
        """What is known of each signal now."""
        every = self._watch.checks_every.total_seconds()
        return {name: self._synthetic.read(checks, at, every_seconds=every) for name, checks in self._checks.items()}

    def close(self) -> None:
        """Ask no more; what is under way is waited for."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._synthetic.close()

    def _ask(self, now: Callable[[], float]) -> None:
        checks = sorted({check for several in self._checks.values() for check in several})
        every, journeys = self._watch.checks_every.total_seconds(), self._watch.journeys_every
        walked_at = time.monotonic()
        while not self._stop.is_set():
            began = time.monotonic()
            if checks:
                self._synthetic.ask(checks, now())
            if journeys and time.monotonic() - walked_at >= journeys.total_seconds() and not self._stop.is_set():
                walked_at = time.monotonic()
                self._synthetic.ask((), now())
            pause = every * (1 + random.uniform(0, _JITTER))  # noqa: S311 - no secret
            self._stop.wait(max(0.0, pause - (time.monotonic() - began)))
