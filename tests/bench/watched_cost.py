"""What watching costs: requests at WorkMe, and processor time of the watching machine, at production's cadences.

python -m tests.bench.watched_cost [SECONDS]
"""

import os
import sys
import tempfile
import threading
import tomllib
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import psutil  # type: ignore[import-untyped]  # its stubs are a package of their own, for one bench

from gonogo.families.watch.scraping import Scraper
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.watching import opening
from gonogo.watching.opening import WatchRequest, opened

ROOT = Path(__file__).parents[2]
_OURS = ("multiprocessing.spawn", "multiprocessing.resource_tracker")


def main(seconds: float) -> None:
    """Watch for so long, without visitors and channels, and print what it took."""
    watch = tomllib.loads((ROOT / "environments/production.toml").read_text())["watch"]
    overlay = {key: value for key, value in watch.items() if key not in {"channels", "tell", "heartbeat", "prometheus"}}
    with ReferenceProcess() as process, tempfile.TemporaryDirectory() as folder:
        instance = ReferenceInstance(overlay=process.ready["environment"], faults=())
        os.chdir(folder)
        request = WatchRequest(
            environment="reference", project=ROOT, length=timedelta(seconds=seconds), overlay=overlay
        )
        with (
            patch.object(opening, "_demonstrated", lambda *_: _Unvisited(instance)),
            opened(request, os.environ) as one,
        ):
            scraper: Scraper = one.watcher.sources[0].scraper  # type: ignore[attr-defined]  # the first one scrapes
            before, spent = _requests(scraper), _spent()
            one.watcher.run(threading.Event())
            requests, processor = _requests(scraper) - before - 1, _spent() - spent
            rounds = one.journal.number_of_rounds
    print(f"{rounds} rounds in {seconds:.0f} s: {requests:.0f} requests, {requests / seconds:.2f} a second")
    print(f"processor: {processor:.1f} s, {processor / seconds:.1%} of a core")


class _Unvisited:
    """An instance that nobody visits: every request is the watch's."""

    def __init__(self, instance: ReferenceInstance) -> None:
        self.instance = instance


def _requests(scraper: Scraper) -> float:
    scraped = scraper.scrape().samples
    samples = scraped.samples if scraped else ()
    return sum(sample.value for sample in samples if sample.name == "workme_http_requests_total")


def _spent() -> float:
    """Of this process and the one that asks the checks."""
    this = psutil.Process()
    asking = [
        child for child in this.children(recursive=True) if any(word in " ".join(child.cmdline()) for word in _OURS)
    ]
    times = [one.cpu_times() for one in (this, *asking)]
    return float(sum(one.user + one.system for one in times))


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0)
