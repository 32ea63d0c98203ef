"""How fit this process is to measure: measured by itself, each second, beside the load that it makes.

Latency that is our own must not be called the target's (load.md: Locust's own warning is blind for its first twenty
seconds, and never changes a verdict).
"""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonogo.base.ranks import nearest_rank
from gonogo.base.wakefulness import cpu_waited
from gonogo.load.window import Clock

PROBE_SECONDS = 0.02
_TASKS = Path("/proc/self/task")
_STAT = Path("/proc/stat")
_STEAL, _TOTAL = 7, 8
"""Columns of a cpu line in /proc/stat (proc(5)): that of steal, and how many of them are disjoint."""


@dataclass(slots=True)
class Fitness:
    """``probe`` is called by a loop that sleeps PROBE_SECONDS in between; ``second`` is called once a second."""

    clock: Clock
    planned: Counter[int] = field(default_factory=Counter)
    """Visits that were due, by second."""
    begun: Counter[int] = field(default_factory=Counter)
    """Visits that began in time, by second."""
    begun_late: Counter[int] = field(default_factory=Counter)
    """Visits that began too late to count as made, by second."""
    own_errors: int = 0
    """Requests that never left this machine since the last report."""
    _lags: list[float] = field(default_factory=list)
    _latest: float = 0.0
    _step: float = 0.0
    _at: float = 0.0
    _cpu: float = 0.0
    _waited: float = 0.0
    _machine: tuple[float, float] = (0.0, 0.0)

    def start(self) -> None:
        """The first second begins."""
        self._at, self._cpu = time.monotonic(), time.process_time()
        self._waited, self._machine = _waited(), _machine()

    def probe(self, overslept: float) -> None:
        """Seconds by which the event loop woke too late."""
        self._lags.append(overslept)

    def late(self, seconds: float) -> None:
        """Seconds by which a visit began too late."""
        self._latest = max(self._latest, seconds)

    def second(self) -> Mapping[str, Any]:
        """Report the fitness since the last call, and begin anew."""
        now, cpu, waited, machine = time.monotonic(), time.process_time(), _waited(), _machine()
        passed = max(now - self._at, 1e-3)
        stolen, total = machine[0] - self._machine[0], machine[1] - self._machine[1]
        lags = sorted(self._lags) or [passed]  # not one probe in a second: it lagged all the time
        step = self.clock.step()
        measured = {
            "second": self.clock.second(self._at),
            "lag": nearest_rank(lags, 95),
            "worst": max(lags[-1], self._latest),
            "cpu": (cpu - self._cpu) / passed,
            # A thread that ended takes its time with it.
            "waited": max(0.0, waited - self._waited) / passed,
            "stolen": stolen / total if total else 0.0,
            "own_errors": self.own_errors,
            "clock_step": step - self._step,
        }
        self._at, self._cpu, self._waited, self._machine = now, cpu, waited, machine
        self._lags.clear()
        self._latest, self._step = 0.0, step
        self.own_errors = 0
        return measured


def _waited() -> float:
    """Seconds that all threads of this process were ready, and waited for a processor."""
    return sum(cpu_waited(int(task.name)) for task in _TASKS.iterdir())


def _machine() -> tuple[float, float]:
    """Jiffies stolen by the hypervisor, and all of them (proc(5), stat)."""
    try:
        columns = [float(part) for part in _STAT.read_text().split("\n", 1)[0].split()[1:]]
    except (OSError, ValueError):  # no Linux
        return 0.0, 0.0
    return columns[_STEAL], sum(columns[:_TOTAL])
