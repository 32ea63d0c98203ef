"""Progress on standard error: on a terminal the families that have not answered yet, redrawn; plain lines otherwise."""

import os
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from gonogo.base.wording import counted
from gonogo.evidence.record import Record
from gonogo.load.aggregator import LoadProgress
from gonogo.planning.plan import GROUP, LOAD, WALK
from gonogo.planning.run_plan import RunPlan

_PLAIN_EVERY = 5
"""Seconds, where there is no terminal."""


_ROOM = 4
"""Lines of the screen that are left to what stands above, and to the cursor."""
_SMALLEST = (40, 8)


def _screen(stream: TextIO) -> tuple[int, int]:
    """Columns and rows of the terminal; a usual one's where nobody tells."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        columns, rows = 0, 0
    return max(columns or 80, _SMALLEST[0]), max(rows or 24, _SMALLEST[1])


class Progress:
    """Counts answers as they come; written to from the probes' thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._lock = threading.Lock()
        self._families: dict[str, str] = {}
        self._journeys: set[str] = set()
        self._expected: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._drawn = 0
        self._loading = 0
        self._load = ""

    def say(self, text: str) -> None:
        """One plain line, which stays."""
        print(self._back() + text, file=self._stream, flush=True)

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
        walking = f", then {counted(steps, 'step')} of journeys" if steps else ""
        loading = ", then load" if LOAD in self._families else ""
        self.say(f"{plan.environment.service.name}: {counted(count, 'question')}{walking}{loading}")

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
                self._load = line
                self._redraw()
            elif self._loading % _PLAIN_EVERY == 0:
                print(line, file=self._stream, flush=True)
            self._loading += 1

    def _redraw(self) -> None:
        """Those that have not answered everything, as many as fit; the others are one line."""
        waiting = [family for family in self._expected if self._answered[family] < self._expected[family]]
        failed = f", {counted(gaps, 'question')} without an answer" if (gaps := self._failed.total()) else ""
        total = f"  {len(self._expected) - len(waiting)} of {len(self._expected)} families answered{failed}"
        self._draw(
            [*map(self._line, waiting), *([total] if self._expected else []), *([self._load] if self._load else [])]
        )

    def _draw(self, lines: Sequence[str]) -> None:
        """Write over what was drawn before: never more lines than the screen has, or wider ones, which would scroll."""
        columns, rows = _screen(self._stream)
        shown = [line[: columns - 1] for line in lines[-(rows - _ROOM) :]]
        text = self._back() + "\n".join(shown)
        self._drawn = len(shown)
        print(text, file=self._stream, flush=True)

    def _back(self) -> str:
        """What takes the cursor to the beginning of what was drawn, and clears it."""
        back = f"\033[{self._drawn}F\033[J" if self._drawn else ""
        self._drawn = 0
        return back

    def _line(self, family: str) -> str:
        answered, unanswered = (
            ("done", "could not run") if family in self._journeys else ("answered", "could not be asked")
        )
        failed = f", {self._failed[family]} {unanswered}" if self._failed[family] else ""
        return f"  {family:<12} {self._answered[family]} of {self._expected[family]} {answered}{failed}"
