"""What a Prometheus needs to watch the watcher: rounds, alerts, channels; made anew from the state for each question."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gonogo.evidence.watch import AlertState
from gonogo.watching.rows import LiveState, Word


def exposition(state: LiveState | None, age: float, listeners: int) -> bytes:
    """The text format of Prometheus, version 0.0.4; ``age`` in seconds."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(state, age, listeners))
    return generate_latest(registry)


class _Collector(Collector):
    def __init__(self, state: LiveState | None, age: float, listeners: int) -> None:
        self._state, self._age, self._listeners = state, age, listeners

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("gonogo_watch_listeners", "Browsers that receive events.", value=self._listeners)
        state = self._state
        if state is None:
            return
        yield CounterMetricFamily("gonogo_watch_rounds", "Rounds since the watch began.", value=state.rounds)
        yield GaugeMetricFamily("gonogo_watch_round_seconds", "What the newest round took.", value=state.round_seconds)
        yield GaugeMetricFamily("gonogo_watch_round_age_seconds", "Since the newest round.", value=self._age)
        if state.last_round:
            yield GaugeMetricFamily(
                "gonogo_watch_last_round_timestamp_seconds",
                "When the newest round was.",
                value=state.last_round.timestamp(),
            )
        yield _labelled("word", "The word on the page.", {word: word == state.word for word in Word})
        yield GaugeMetricFamily(
            "gonogo_watch_journal_writable", "Whether everything is in the journal.", value=state.unwritten is None
        )
        yield GaugeMetricFamily(
            "gonogo_watch_journal_waiting_rounds",
            "Rounds that wait in memory until the journal can be written.",
            value=state.unwritten.rounds if state.unwritten else 0,
        )
        states = Counter(row.state for row in state.signals)
        yield _labelled(
            "alerts", "Signals by the state of their alerts.", {known: states[known] for known in AlertState}
        )
        failures = CounterMetricFamily(
            "gonogo_watch_channel_failures", "Attempts that did not arrive.", labels=["channel"]
        )
        down = GaugeMetricFamily("gonogo_watch_channel_down", "Whether it is known to be down.", labels=["channel"])
        for channel in state.channels:
            failures.add_metric([channel.name], channel.failures)
            down.add_metric([channel.name], bool(channel.down))
        yield failures
        yield down


def _labelled(name: str, text: str, values: dict[Word, bool] | dict[AlertState, int]) -> GaugeMetricFamily:
    label = "word" if name == "word" else "state"
    family = GaugeMetricFamily(f"gonogo_watch_{name}", text, labels=[label])
    for value, number in values.items():
        family.add_metric([str(value)], number)
    return family
