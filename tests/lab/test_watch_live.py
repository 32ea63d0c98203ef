"""The same service, watched by us and by a real Prometheus at once: an alarm begins and ends in both."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import yaml

from gonogo.evidence.watch import AlertState
from gonogo.families.watch.alerts import Alert, advance, rules_of
from gonogo.families.watch.section import Watch
from gonogo.families.watch.signals import Samples, parse_metrics
from gonogo.watching.rules_export import prometheus_rules
from tests.lab.servers import program, running
from tests.support.ports import free_port

pytestmark = pytest.mark.whole

_SECONDS = 60.0
_EVERY = 0.5
WATCH = Watch.model_validate(
    {
        "every": "500 ms",
        "no_data": "2 s",
        "thresholds": {
            "errors": {
                "signal": {"ratio": ["requests_total{status=~'5..'}", "requests_total"]},
                "above": 0.1,
                "window": "5 s",
                "for": "1 s",
                "keep": "1 s",
                "at_least": 10,
                "severity": "critical",
            }
        },
    }
)


class Shop:
    """A service that counts ten requests at each scrape; its first error makes a series."""

    def __init__(self) -> None:
        self.failing, self.broken = False, False
        self._counts = {"200": 1000, "500": 0}
        self._lock = threading.Lock()

    def page(self) -> str:
        """In the text format."""
        with self._lock:
            self._counts["500" if self.failing else "200"] += 10
            lines = [f'requests_total{{status="{status}"}} {count}' for status, count in self._counts.items() if count]
        return "# TYPE requests_total counter\n" + "\n".join(lines) + "\n"


@contextmanager
def serving(shop: Shop) -> Iterator[int]:
    """The port of its metrics."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reply = shop.page().encode()
            self.send_response(500 if shop.broken else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - of the standard library
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def prometheus(folder: Path, scraped: int) -> Iterator[str]:
    """One that judges the exported rules; its address."""
    port = free_port()
    (folder / "rules.yml").write_text(prometheus_rules("shop", WATCH, None))
    job = {"job_name": "shop", "static_configs": [{"targets": [f"127.0.0.1:{scraped}"]}]}
    times = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"}
    document = {"global": times, "rule_files": ["rules.yml"], "scrape_configs": [job]}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(document))
    command = [
        program("prometheus"),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with running(command, ports=[port], folder=folder, start_seconds=30):
        yield f"http://127.0.0.1:{port}"


class Ours:
    """Our own watch of it, round by round."""

    def __init__(self, url: str) -> None:
        self.url, self.begun = url, time.monotonic()
        self.samples, self.rule = Samples(WATCH), rules_of(WATCH)["errors"]
        self.alert = Alert(threshold="errors")

    def look(self) -> None:
        """One scrape, and what it makes of the alert."""
        at = time.monotonic() - self.begun
        answer = httpx.get(self.url)
        failure = "" if answer.is_success else f"status {answer.status_code}"
        self.samples.add(at, parse_metrics(answer.text) if answer.is_success else None, failure)
        self.alert, _ = advance(self.rule, self.alert, self.samples.read("errors", at), datetime.now(UTC))


def firing(address: str) -> set[str]:
    """The alerts that fire in Prometheus."""
    alerts = httpx.get(f"{address}/api/v1/alerts").raise_for_status().json()["data"]["alerts"]
    return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}


def look_until(ours: Ours, condition: Callable[[], bool]) -> None:
    """Go on with rounds until it holds."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"ours is {ours.alert.state}"
        ours.look()
        time.sleep(_EVERY)


def test_an_alarm_begins_and_ends_in_both(tmp_path: Path) -> None:
    """And when nobody can read the metrics any more, both say that, and not that all is well."""
    shop = Shop()
    with serving(shop) as port, prometheus(tmp_path, port) as address:
        ours = Ours(f"http://127.0.0.1:{port}/metrics")
        look_until(ours, lambda: ours.alert.state == AlertState.OK and not firing(address))
        shop.failing = True
        look_until(ours, lambda: ours.alert.state == AlertState.FIRING and firing(address) == {"errors"})
        shop.failing = False
        look_until(ours, lambda: ours.alert.state == AlertState.OK and not firing(address))
        shop.broken = True
        nobody_can_say = {"errors-no-data", "scrape-no-data"}
        look_until(ours, lambda: ours.alert.state == AlertState.NO_DATA and firing(address) == nobody_can_say)
        shop.broken = False
        look_until(ours, lambda: ours.alert.state == AlertState.OK and not firing(address))
