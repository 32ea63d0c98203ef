"""The bundled reference as something to watch: synthetic visitors, and faults that begin while somebody looks, and end.

Elsewhere users come by themselves. A fault that was there from the start would show half an alert only.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

from gonogo.base.errors import Unobserved, UsageError
from gonogo.base.marks import mark_of
from gonogo.record.run_folder import new_run_id
from gonogo.runs.cleanup import clean
from gonogo.runs.reference_instance import (
    ReferenceInstance,
    ReferenceProcess,
    announced_instance,
    environ_with_reference,
)

BEGINS, ENDS = 0.15, 0.45
"""Shares of the watch's length at which faults begin and end: time is left for RESOLVED."""
_UNBOUNDED_BEGINS = timedelta(seconds=5)
"""Of a watch without an end, whose faults have none either."""
_SOMETHING_TO_WATCH = 10
"""Requests: the first visitors are through the door."""
_VISITORS_COME_WITHIN = timedelta(seconds=30)
"""On a machine that is busy. Nobody comes to a service that takes nobody in: that is to be watched as well."""
_VISITORS_LEAVE_WITHIN = timedelta(seconds=40)


@dataclass(slots=True)
class Visitors:
    """Synthetic visitors, in a process of their own; nothing of them is a user of anybody."""

    counts: Mapping[str, Any] = field(default_factory=dict)
    """Sums since the start: visits, requests, refused, errors."""
    came: threading.Event = field(default_factory=threading.Event)
    """Set once there is something to watch, or nobody comes any more."""
    left: str = ""
    """What of them could not be removed; ``gonogo clean`` finds it."""

    @property
    def words(self) -> str:
        """For people: all of it is synthetic."""
        counts = {"visits": 0, "requests": 0, "refused": 0, "errors": 0} | dict(self.counts)
        told = "{visits} visits, {requests} requests, {refused} of them refused, {errors} in error".format(**counts)
        left = f"; left behind: {self.left}; remove it with: gonogo clean --env reference" if self.left else ""
        return f"synthetic visitors: {told}{left}"

    def note(self, stream: IO[bytes]) -> None:
        """Keep what the process says, until it ends."""
        with stream:
            for line in stream:
                self.counts = json.loads(line)
                self.left = ", ".join(self.counts.get("stayed", ()))
                if self.counts["requests"] >= _SOMETHING_TO_WATCH:
                    self.came.set()
        self.came.set()


@dataclass(slots=True)
class Demonstration:
    """An instance with visitors, whose faults begin after a while."""

    instance: ReferenceInstance
    visitors: Visitors
    faults: Sequence[str]
    length: timedelta | None
    _process: ReferenceProcess | None
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    problem: str = ""
    """Why the faults could not be switched."""

    def begin(self, say: Callable[[str], object]) -> None:
        """Call it when the watch begins: the faults begin and end at their times, and ``say`` is told so."""
        if self._process is not None and self.faults:
            self._thread = threading.Thread(target=self._rehearse, args=(self._process, say), daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Switch nothing any more; a switch that is under way is waited for."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _rehearse(self, process: ReferenceProcess, say: Callable[[str], object]) -> None:
        began = time.monotonic()
        begins = _UNBOUNDED_BEGINS if self.length is None else self.length * BEGINS
        steps = [(begins, self.faults, "begins")]
        if self.length is not None:
            steps.append((self.length * ENDS, (), "ends"))
        for due, faults, word in steps:
            if self._stop.wait(began + due.total_seconds() - time.monotonic()):
                return
            say(f"{', '.join(self.faults)} {word}")
            try:
                process.set_faults(faults)
            except UsageError as error:
                self.problem = str(error)
                return


@contextmanager
def demonstration(
    faults: Sequence[str] = (), *, length: timedelta | None, project: Path, environ: Mapping[str, str]
) -> Iterator[Demonstration]:
    """Attach to the instance that is up, or start a private one; visitors come until the context is left.

    Of a private one everything ends with it. In one that stays, what the visitors made is removed. Raises UsageError.
    """
    announced = None if faults else announced_instance()
    if announced is not None:
        run_id = new_run_id(datetime.now(UTC))
        with visiting(announced, run_id) as visitors:
            yield Demonstration(announced, visitors, (), length, None)
        _clean(project, environ, announced, run_id, visitors)
        return
    with ReferenceProcess() as process:
        instance = ReferenceInstance(overlay=process.ready["environment"], faults=faults)
        process.on_crash = instance.crashes.append
        with visiting(instance, new_run_id(datetime.now(UTC))) as visitors:
            shown = Demonstration(instance, visitors, faults, length, process)
            try:
                yield shown
            finally:
                shown.end()
    visitors.left = ""  # it went with the instance


@contextmanager
def visiting(instance: ReferenceInstance, run_id: str) -> Iterator[Visitors]:
    """Visitors of this instance until the context is left; they are gone then, or ``stayed`` names them."""
    process = subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-m", "reference", "visit", "--mark", mark_of(run_id)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environ_with_reference(),
        start_new_session=True,  # Ctrl-C is for us: they leave when we are done
    )
    visitors = Visitors()
    reader = threading.Thread(target=visitors.note, args=(process.stdout,), daemon=True)
    reader.start()
    orders = cast("IO[bytes]", process.stdin)
    try:
        _write(orders, json.dumps(instance.overlay).encode() + b"\n")
        visitors.came.wait(_VISITORS_COME_WITHIN.total_seconds())
        yield visitors
    finally:
        _write(orders, b"", last=True)
        try:
            process.wait(_VISITORS_LEAVE_WITHIN.total_seconds())
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()


def _write(stream: IO[bytes], data: bytes, *, last: bool = False) -> None:
    """Somebody who ended by itself reads no more, and is told of by its counts that stand still."""
    with suppress(BrokenPipeError):
        stream.write(data)
        stream.flush()
        if last:
            stream.close()


def _clean(
    project: Path, environ: Mapping[str, str], instance: ReferenceInstance, run_id: str, visitors: Visitors
) -> None:
    """Remove the rest, as the mail that came for them. What could not be looked at is said by ``visitors``."""
    try:
        cleaned = clean("reference", project, environ, run_id=run_id, instance=instance)
    except (AssertionError, Unobserved, UsageError) as error:
        visitors.left = str(error)
    else:
        visitors.left = cleaned.remaining_words if cleaned.remaining else ""
