"""Progress on standard error: a live line per family on a terminal, plain lines otherwise."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any, TextIO

from gonogo.base.wording import counted
from gonogo.evidence.record import Record
from gonogo.load.aggregator import LoadProgress
from gonogo.planning.plan import GROUP, LOAD, WALK
from gonogo.planning.run_plan import RunPlan

_PLAIN_EVERY = 5
"""Seconds, where there is no terminal."""


class Progress:
    """Counts answers as they come; written to from the probes' thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._lock = threading.Lock()
        self._families: dict[str, str] = {}
        self._journeys: set[str] = set()
        self._expected: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._drawn = 0
        self._loading = 0

    def say(self, text: str) -> None:
        """One plain line."""
        print(text, file=self._stream, flush=True)

    def begin(self, plan: RunPlan) -> None:
        """Say what will be asked."""
        steps = 0
        for check in plan.plan.checks.values():
            if (plan.selected is None or check.id in plan.selected) and not check.unrunnable:
                if check.subject == WALK:
                    self._expected[check.declaration.family] += 1
                    self._journeys.add(check.declaration.family)
                    steps += 1
                self._families.setdefault(check.subject.removesuffix(GROUP), check.declaration.family)
        for kind, _ in plan.planned_keys:
            if kind in self._families and kind not in {WALK, LOAD}:
                self._expected[self._families[kind]] += 1
        count = self._expected.total() - steps
        walking = f", then walking {counted(steps, 'step')}" if steps else ""
        loading = ", then load" if LOAD in self._families else ""
        self.say(f"asking {counted(count, 'question')} about {plan.environment.service.name}{walking}{loading}")

    def heard(self, record: Record) -> None:
        """One more answer, or one more reason for none."""
        with self._lock:
            family = record.scope[0] if record.kind == WALK else self._families.get(record.kind, record.kind)
            self._answered[family] += 1
            self._failed[family] += record.failure is not None
            if self._live:
                self._redraw()
            elif self._answered[family] == self._expected[family]:
                self.say(self._line(family))

    def generated(self, event: Mapping[str, Any]) -> None:
        """Show one event of the load generator."""
        match event["event"]:
            case "started":
                self.say(f"waiting for workers at {event['host']}:{event['port']}")
            case "window":
                self.say(f"load: {event['users']} users take turns")
            case "lost":
                self.say(f"load: worker {event['worker']} was lost")
            case "problem":
                self.say(f"load: {event['message']}")

    def loaded(self, now: LoadProgress) -> None:
        """One second of the load: a line that is written over on a terminal, a line now and then otherwise."""
        phase = "warming up" if now.elapsed < 0 else f"{min(now.elapsed, now.measured):.0f} of {now.measured:.0f} s"
        latency = f"p95 {now.p95 * 1000:.0f} of {now.budget * 1000:.0f} ms"
        line = f"load: {phase} · {now.rate:.0f} requests/s · {now.failed} failed · {latency}"
        with self._lock:
            if self._live:
                up = "" if self._loading == 0 else "\033[1F\033[2K"
                print(f"{up}{line}", file=self._stream, flush=True)
            elif self._loading % _PLAIN_EVERY == 0:
                print(line, file=self._stream, flush=True)
            self._loading += 1

    def _redraw(self) -> None:
        up = f"\033[{self._drawn}F" if self._drawn else ""
        lines = [f"\033[2K{self._line(family)}" for family in self._expected]
        self._drawn = len(lines)
        print(up + "\n".join(lines), file=self._stream, flush=True)

    def _line(self, family: str) -> str:
        answered, unanswered = (
            ("walked", "not walked") if family in self._journeys else ("answered", "could not be asked")
        )
        failed = f", {self._failed[family]} {unanswered}" if self._failed[family] else ""
        return f"  {family:<12} {self._answered[family]} of {self._expected[family]} {answered}{failed}"
