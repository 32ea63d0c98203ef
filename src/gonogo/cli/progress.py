"""Progress on standard error: a live line per family on a terminal, plain lines otherwise."""

import threading
from collections import Counter
from typing import TextIO

from gonogo.evidence.record import Record
from gonogo.plan import GROUP
from gonogo.run import Run


class Progress:
    """Counts answers as they come; written to from the probes' thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._lock = threading.Lock()
        self._families: dict[str, str] = {}
        self._expected: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._drawn = 0

    def say(self, text: str) -> None:
        """One plain line."""
        print(text, file=self._stream, flush=True)

    def begin(self, run: Run) -> None:
        """Say what will be asked."""
        for check in run.plan.checks.values():
            if run.selected is None or check.id in run.selected:
                self._families.setdefault(check.subject.removesuffix(GROUP), check.declaration.family)
        for kind, _ in run.planned_keys:
            if kind in self._families:
                self._expected[self._families[kind]] += 1
        count = self._expected.total()
        self.say(f"asking {count} question{'' if count == 1 else 's'} about {run.environment.service.name}")

    def heard(self, record: Record) -> None:
        """One more answer, or one more reason for none."""
        with self._lock:
            family = self._families.get(record.kind, record.kind)
            self._answered[family] += 1
            self._failed[family] += record.failure is not None
            if self._live:
                self._redraw()
            elif self._answered[family] == self._expected[family]:
                self.say(self._line(family))

    def _redraw(self) -> None:
        up = f"\033[{self._drawn}F" if self._drawn else ""
        lines = [f"\033[2K{self._line(family)}" for family in self._expected]
        self._drawn = len(lines)
        print(up + "\n".join(lines), file=self._stream, flush=True)

    def _line(self, family: str) -> str:
        failed = f", {self._failed[family]} could not be asked" if self._failed[family] else ""
        return f"  {family:<9} {self._answered[family]} of {self._expected[family]} answered{failed}"
