"""Signals asked of a real Prometheus, which scrapes a small server whose metrics a test writes."""

import http.server
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest

from gonogo.evidence.watch import Reading
from gonogo.families.watch.prometheus import PrometheusSource
from gonogo.families.watch.section import Watch
from tests.support.ports import closed_port

WATCH = {
    "every": "1 s",
    "prometheus": "http://127.0.0.1:9",
    "thresholds": {
        "errors": {
            "signal": {"ratio": ["shop_requests_total{status=~'5..'}", "shop_requests_total"]},
            "window": "20 s",
            "above": 0.05,
            "at_least": 10,
            "severity": "critical",
        },
        "calm": {
            "signal": {"ratio": ["shop_requests_total{status=~'5..'}", "shop_requests_total"]},
            "window": "20 s",
            "above": 0.5,
            "severity": "critical",
        },
        "time": {
            "signal": {"quantile": 0.95, "of": "shop_seconds_bucket"},
            "window": "20 s",
            "above": 1.0,
            "severity": "warning",
        },
        "queue": {"signal": {"gauge": "shop_queue"}, "above": 100, "severity": "warning"},
        "own": {"signal": {"promql": "sum(shop_queue) * 2"}, "above": 100, "severity": "warning"},
        "gone": {"signal": {"gauge": "shop_no_such_thing"}, "above": 1, "severity": "warning"},
        "many": {"signal": {"promql": "shop_requests_total"}, "above": 1, "severity": "warning"},
        "nan": {"signal": {"promql": "shop_queue * NaN"}, "above": 1, "severity": "warning"},
        "wrong": {"signal": {"promql": "sum("}, "above": 1, "severity": "warning"},
        "checked": {"signal": {"checks": ["health-deep"]}, "above": 0, "severity": "critical"},
    },
}


class Page:
    """The metrics of a service that grows at given rates."""

    def __init__(self) -> None:
        self.good = self.bad = 0.0
        self.queue = 7.0
        self.base = 0.0

    def text(self) -> str:
        """In the text format, a step further each time."""
        self.good, self.bad = self.good + 18, self.bad + 2
        total = self.good + self.bad
        return (
            f'shop_requests_total{{status="200"}} {self.good}\n'
            f'shop_requests_total{{status="500"}} {self.bad}\n'
            f'shop_seconds_bucket{{le="0.5"}} {total * 0.9}\n'
            f'shop_seconds_bucket{{le="2"}} {total}\n'
            f'shop_seconds_bucket{{le="+Inf"}} {total}\n'
            f"shop_queue {self.queue}\n"
        )


@pytest.fixture(scope="module")
def page() -> Page:
    """What is scraped."""
    return Page()


@pytest.fixture(scope="module")
def prometheus(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Prometheus that has scraped it often enough to know a window."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the library wants
            body = page.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            del format, args

    folder = tmp_path_factory.mktemp("prometheus")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 500ms, scrape_timeout: 400ms}\n"
            f"scrape_configs: [{{job_name: shop, static_configs: [{{targets: ['127.0.0.1:{server.server_address[1]}']}}]}}]\n"
        )
        port = closed_port()
        process = subprocess.Popen(  # noqa: S603 - Debian's own
            [
                "/usr/bin/prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(lambda: _counted(address) >= 5)
            yield address
        finally:
            process.terminate()
            process.wait(20)
            server.shutdown()


def _counted(address: str) -> float:
    """How many scrapes it has in its window."""
    try:
        answer = httpx.get(f"{address}/api/v1/query", params={"query": "sum(count_over_time(shop_queue[20s]))"}).json()
        return float(answer["data"]["result"][0]["value"][1])
    except (httpx.HTTPError, ValueError, KeyError, IndexError):
        return 0.0


def _wait(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "Prometheus did not scrape"
        time.sleep(0.1)


def read(address: str, **changes: object) -> dict[str, Reading]:
    """Every signal, now."""
    watch = Watch.model_validate({**WATCH, "prometheus": address, **changes})
    return dict(PrometheusSource(address, watch, patience=timedelta(seconds=10)).read(5.0))


def test_values_are_those_of_the_service(prometheus: str) -> None:
    """A number that means something else than in the page would alarm at the wrong time."""
    readings = read(prometheus)
    assert readings["errors"].value == pytest.approx(0.1, abs=0.005)
    assert (readings["errors"].events or 0) > 50
    assert 1.0 < (readings["time"].value or 0) < 1.5
    assert readings["queue"].value == 7
    assert readings["own"].value == 14
    assert (readings["many"].value or 0) > 1
    assert "checked" not in readings


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone", "Prometheus has no series for max(shop_no_such_thing)"),
        ("nan", "max(shop_queue * NaN) is nan"),
        ("wrong", "Prometheus does not answer max(sum(): "),
    ],
)
def test_what_is_no_number_is_no_value(prometheus: str, name: str, reason: str) -> None:
    """Argo Rollouts took each of these for a success once."""
    reading = read(prometheus)[name]
    assert reading.value is None
    assert reading.missing.startswith(reason)


def test_a_counter_that_began_anew_is_no_value_unless_it_alarms(prometheus: str, page: Page) -> None:
    """What was counted before the restart is lost: few errors since then do not mean few errors."""
    page.good = page.bad = 0.0
    seen: dict[str, Reading] = {}

    def noticed() -> bool:
        seen.update(read(prometheus))
        return seen["calm"].value is None

    _wait(noticed)
    assert seen["calm"].missing.startswith("a series began anew within the window")
    assert seen["errors"].value == pytest.approx(0.1, abs=0.02)


def test_a_prometheus_that_is_down_says_nothing_of_any_signal() -> None:
    """Its silence must not read as a quiet day."""
    address = f"http://127.0.0.1:{closed_port()}"
    readings = read(address)
    assert set(readings) == set(WATCH["thresholds"]) - {"checked"}
    assert all(reading.value is None for reading in readings.values())
    assert all(
        reading.missing.startswith(f"Prometheus at {address} could not be asked") for reading in readings.values()
    )
