"""``make bench``: what the canaries and the guards of judging cost, beside judging the same evidence without them."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

from gonogo.collecting.recorded import RecordedSource
from gonogo.judging.judge import judge
from gonogo.record.recording import restore
from gonogo.runs.replay import Replayed, replayed_run

_TIMES = 9
_GONOGO = (sys.executable, "-c", "import sys; from gonogo.cli import main; main(sys.argv[1:])")
_GUARDS = {
    "gonogo.judging.calling.secluded": lambda _limit: nullcontext(),
    "gonogo.judging.calling.nothing_left_to_await": nullcontext,
    "gonogo.judging.plugin.canaries": lambda _items, _folders: iter(()),
    "gonogo.judging.plugin.hiding": lambda _items, _given: iter(()),
    "gonogo.judging.plugin.unplanned": lambda _items, _suite, _marked: iter(()),
}


def judging(replayed: Replayed) -> Callable[[], None]:
    """Judge the recorded evidence of this run once."""

    def once() -> None:
        source = RecordedSource(restore(replayed.recording.records, replayed.plan.families.kinds))
        judge(replayed.plan, source, "--tb=no", "-p", "no:logging")

    return once


def seconds(work: Callable[[], None], *, guarded: bool) -> float:
    """Of processor."""
    with ExitStack() as stack:
        if not guarded:
            for name, replacement in _GUARDS.items():
                stack.enter_context(mock.patch(name, replacement))
        started = time.process_time()
        work()
        return time.process_time() - started


def main() -> None:
    """In turns, so that both meet the same machine."""
    with TemporaryDirectory() as place:
        project = Path(place)
        started = time.monotonic()
        subprocess.run([*_GONOGO, "run", "--env", "reference"], cwd=project, check=False, stderr=subprocess.DEVNULL)  # noqa: S603 - of this file
        run = time.monotonic() - started
        work = judging(replayed_run(project / "reports" / "reference" / "latest", project))
        work()
        pairs = [(seconds(work, guarded=True), seconds(work, guarded=False)) for _ in range(_TIMES)]
    guarded, bare = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(f"judging with guards: {guarded:.2f} s of processor; without: {bare:.2f} s; ratio {guarded / bare:.3f}")
    print(f"the difference is {(guarded - bare) / run:.2%} of the whole run, which took {run:.0f} s")


if __name__ == "__main__":
    main()
