"""Scrapes that are as the ones before are judged as a table: the readings are those of each series by itself, to the last bit."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from gonogo.evidence.watch import Reading
from gonogo.families.watch import samples as kept
from gonogo.families.watch.section import Watch
from gonogo.families.watch.signals import Sample, Samples
from gonogo.families.watch.steady import Table

_CRITICAL = {"severity": "critical", "window": "1 min"}
WATCH = Watch.model_validate(
    {
        "every": "15 s",
        "thresholds": {
            "errors": {"signal": {"ratio": ["r_total{status='500'}", "r_total"]}, "above": 0.1, **_CRITICAL},
            "lasting": {
                "signal": {"ratio": ["r_total{status='500'}", "r_total"]},
                "above": 0.1,
                **_CRITICAL,
                "window": "3 min",
            },
            "slow": {"signal": {"quantile": 0.9, "of": "s_bucket"}, "above": 1, **_CRITICAL, "window": "2 min"},
            "failed": {"signal": {"increase": "f_total"}, "above": 10, **_CRITICAL},
            "full": {"signal": {"gauge": "full"}, "above": 0.9, "severity": "warning"},
        },
    }
)


class Service:
    """Counts at random; now and then it is restarted, shows another series, leaves one out, or says NaN."""

    def __init__(self, rng: random.Random, unrest: float) -> None:
        self._rng, self._unrest = rng, unrest
        self._counts: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
        self._started = 0.0

    def _count(self, name: str, rise: int, **labels: str) -> None:
        key = (name, tuple(labels.items()))
        self._counts[key] = self._counts.get(key, 0.0) + rise

    def scrape(self, at: float) -> list[Sample] | None:
        """The samples; None where it failed."""
        rng = self._rng
        for number in range(3):
            self._count("r_total", rng.choice([0, 3, 40]), route=f"/{number}", status="200")
        self._count("r_total", rng.choice([0, 0, 5]), route="/0", status="500")
        self._count("f_total", rng.choice([0, 0, 7]))
        for number in range(2):
            total = rng.randint(0, 9)
            for bound, part in (("0.5", 0.5), ("1.0", 0.7), ("+Inf", 1.0)):
                self._count("s_bucket", int(total * part), route=f"/{number}", le=bound)
        samples = [Sample(name, dict(labels), value) for (name, labels), value in self._counts.items()]
        samples.append(Sample("full", {"disk": "a"}, rng.random()))
        samples.append(Sample("process_start_time_seconds", {}, self._started))
        return self._disturbed(at, samples) if rng.random() < self._unrest else samples

    def _disturbed(self, at: float, samples: list[Sample]) -> list[Sample] | None:
        rng, kind = self._rng, self._rng.randrange(8)
        if kind == 0:
            return None
        if kind == 1:
            self._counts, self._started = dict.fromkeys(self._counts, 0.0), at
        elif kind == 2:
            self._counts[rng.choice(list(self._counts))] = 0.0
        elif kind == 3:
            self._count("r_total", 9, route=f"/new-{rng.randrange(5)}", status=rng.choice(["200", "500"]))
        elif kind == 4:
            samples.pop(rng.randrange(len(samples)))
        elif kind == 5:
            place = rng.randrange(len(samples))
            samples[place] = samples[place]._replace(value=rng.choice([float("nan"), float("inf")]))
        elif kind == 6:
            rng.shuffle(samples)
        else:
            samples.append(rng.choice(samples)._replace(value=77.0))
        return samples


def readings(rng: random.Random, unrest: float, rounds: int = 400) -> Iterator[dict[str, Reading]]:
    """What each round reads, scraped at times that are jittered."""
    samples, service, at = Samples(WATCH), Service(rng, unrest), 0.0
    for _ in range(rounds):
        at += 15 + rng.uniform(-1, 1)
        samples.add(at, service.scrape(at))
        yield {name: samples.read(name, at + rng.choice([0.0, 0.5])) for name in WATCH.watched}


@pytest.mark.parametrize("unrest", [0.0, 0.02, 0.1, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_a_table_reads_as_the_series_do(seed: int, unrest: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restarts, gaps, new series, NaN, samples that stand twice: whatever comes, in any order."""
    answered = list[Any]()
    increases = Table.increases

    def counted(table: Table, window: float, at: float) -> list[float] | None:
        answered.append(increases(table, window, at) is not None)
        return increases(table, window, at)

    monkeypatch.setattr(Table, "increases", counted)
    by_table = list(readings(random.Random(seed), unrest))  # noqa: S311 - no secret
    assert any(answered), "the table never answered"
    assert unrest or sum(answered) > 0.9 * len(answered)
    monkeypatch.setattr(kept, "MOST_VALUES", -1)
    one_by_one = list(readings(random.Random(seed), unrest))  # noqa: S311 - no secret
    assert by_table == one_by_one
