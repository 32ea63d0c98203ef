"""The load judged on literals: kept, missed, not known, and not to be believed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.environment.model import Environment
from gonogo.evidence.load import GeneratorSecond, LoadEvidence, SecondBounds, SecondCounts, ServerSecond, Traffic
from gonogo.families.registry import environment_from
from tests.checks.conftest import Judge
from tests.checks.test_tls import AT

MIB = 2**20
CONFIDENT = ("load-latency", "load-errors", "load-payments", "load-registrations", "load-uploads")


def environment(**changes: Any) -> Environment:  # noqa: ANN401 - fields of [load]
    """What the service declares."""
    fields: dict[str, Any] = {
        "visits_per_second": 20,
        "visits": {"browse": 1},
        "classes": {"all": {"endpoints": ["GET /", "POST /pay"]}},
        "failures": {
            "payments": {"endpoints": ["POST /pay"], "below": 0.1},
            "registrations": {"endpoints": ["POST /pay"], "below": 0.15},
            "uploads": {"endpoints": ["POST /pay"], "below": 0.2},
        },
        "memory_limit": "512 MiB",
    }
    return environment_from({"service": {"name": "S", "base_url": "https://a.test"}, "load": {**fields, **changes}})


def each_second(
    requests: int = 40, over: int = 0, failed: int = 0, refused: int = 0, seconds: int = 30
) -> Sequence[SecondCounts]:
    """The same in every second."""
    return [SecondCounts(second, requests, over, failed, refused) for second in range(seconds)]


def traffic(name: str, tallies: Sequence[SecondCounts] | None = None, **changes: Any) -> Traffic:  # noqa: ANN401 - fields
    """One endpoint, or a class."""
    fields: dict[str, Any] = {
        "group": "all",
        "budget": timedelta(milliseconds=500),
        "percentile": 95.0,
        "decided": name == "all",
        "given_up": 0,
        "warm_up": SecondCounts(5, 200, 0, 0, 0),
        "quantiles": (),
        "curve": (),
    }
    return Traffic(name=name, tallies=tuple(each_second() if tallies is None else tallies), **{**fields, **changes})


def second(number: int, **changes: Any) -> GeneratorSecond:  # noqa: ANN401 - fields
    """A fit one."""
    fields: dict[str, Any] = {
        "worker": "local",
        "lag": timedelta(milliseconds=1),
        "cpu": 0.05,
        "waited": 0.01,
        "stolen": 0.0,
        "planned": 20,
        "begun": 20,
        "own_errors": 0,
        "clock_step": timedelta(0),
    }
    return GeneratorSecond(second=number, **{**fields, **changes})


def server(memory: Sequence[float]) -> tuple[ServerSecond, ...]:
    """Fifty requests a second, and this much memory."""
    return tuple(
        ServerSecond(second=at, memory=found, cpu=0.3 * at, connections=90, queue=1, requests=50.0 * at)
        for at, found in enumerate(memory)
    )


def measured(*found: Traffic, **changes: Any) -> LoadEvidence:  # noqa: ANN401 - fields
    """A healthy load, changed in one way."""
    endpoints = found or (traffic("GET /"), traffic("POST /pay"))
    sums = [
        tuple(sum(column) for column in zip(*rows, strict=True))
        for rows in zip(*(one.tallies for one in endpoints), strict=True)
    ]
    whole = traffic(
        "all", [SecondCounts(row[0] // len(endpoints), *row[1:]) for row in sums], warm_up=endpoints[0].warm_up
    )
    fields: dict[str, Any] = {
        "profile": "gate",
        "model": "open",
        "visits_per_second": 20.0,
        "confidence": 0.95,
        "warm_up": timedelta(seconds=5),
        "planned": timedelta(seconds=30),
        "seconds": 30,
        "visits_ended": 600,
        "visits_given_up": 0,
        "classes": (whole,),
        "endpoints": endpoints,
        "generator": tuple(second(number) for number in range(30)),
        "server": server([200.0 * MIB] * 30),
        "workers": 1,
    }
    return LoadEvidence(scope=("load",), taken_at=AT, **{**fields, **changes})


def judged(judge: Judge, identifier: str, load: LoadEvidence, **changes: Any) -> str | None:  # noqa: ANN401 - fields of [load]
    """The check's message; None if it passes."""
    arguments: dict[str, Any] = {"load": load}
    if identifier in {"load-errors", "load-payments", "load-registrations", "load-uploads", "load-memory", "load-leak"}:
        arguments["environment"] = environment(**changes)
    return judge(identifier, **arguments)


@pytest.mark.parametrize(
    "identifier", [*CONFIDENT, "load-ran", "load-throughput", "load-cold-start", "load-memory", "load-leak"]
)
def test_healthy_load_passes(judge: Judge, identifier: str) -> None:
    """Nothing to say."""
    assert judged(judge, identifier, measured()) is None


def test_slow_endpoint_is_named(judge: Judge) -> None:
    """Only it, in a class that is quick as a whole, and with its numbers."""
    load = measured(traffic("GET /", each_second(1000)), traffic("POST /pay", each_second(40, over=8)))
    said = judged(judge, "load-latency", load)
    assert said == "POST /pay ≥ 500 ms: 240 of 1200 requests, 20.0% (must stay below 5%)"
    assert judged(judge, "load-errors", load) is None


@pytest.mark.parametrize(
    ("identifier", "pay", "other"),
    [
        ("load-errors", {"failed": 6}, "load-latency"),
        ("load-payments", {"refused": 8}, "load-errors"),
        ("load-registrations", {"refused": 12}, "load-errors"),
        ("load-uploads", {"refused": 16}, "load-errors"),
    ],
)
def test_failures_are_told_apart(judge: Judge, identifier: str, pay: dict[str, int], other: str) -> None:
    """An error is not slow, and a declined card is no error."""
    load = measured(traffic("GET /"), traffic("POST /pay", each_second(40, **pay)))
    said = judged(judge, identifier, load)
    assert said is not None
    assert "of 1200" in said
    assert judged(judge, other, load) is None


@pytest.mark.parametrize("identifier", CONFIDENT)
def test_too_few_requests_decide_nothing(judge: Judge, identifier: str) -> None:
    """And the run that would decide is named."""
    few = measured(
        traffic("GET /", [SecondCounts(0, 3, 0, 0, 0)]), traffic("POST /pay", [SecondCounts(0, 3, 0, 0, 0)]), seconds=5
    )
    with pytest.raises(Unobserved, match="too few requests") as unseen:
        judged(judge, identifier, few)
    assert "gonogo load --duration" in unseen.value.hint


def test_never_asked_is_never_green(judge: Judge) -> None:
    """N = 0 has no latency."""
    with pytest.raises(Unobserved, match="no request was sent to POST /pay"):
        judged(judge, "load-latency", measured(traffic("GET /"), traffic("POST /pay", each_second(0))))
    assert judged(judge, "load-ran", measured(traffic("GET /", each_second(0)), traffic("POST /pay", each_second(0))))


SICK = [
    ({"lag": timedelta(milliseconds=26)}, "woke too late"),
    ({"cpu": 0.81}, "used all of its CPU"),
    ({"waited": 0.06}, "short of CPU"),
    ({"stolen": 0.03}, "hypervisor"),
    ({"begun": 19, "begun_late": 1}, "visits began too late"),
    ({"clock_step": timedelta(seconds=-1)}, "clock was set"),
]
"""What a generator can say against itself."""


def sick(sign: dict[str, Any]) -> tuple[GeneratorSecond, ...]:
    """All the time."""
    return tuple(second(number, **sign) for number in range(30))


@pytest.mark.parametrize(("sign", "said"), SICK)
def test_busy_generator_does_not_take_back_what_is_certain(judge: Judge, sign: dict[str, Any], said: str) -> None:
    """A crowded machine cannot make a service fast, and cannot make it slow by seconds: its user needs the answer."""
    del said
    assert judged(judge, "load-latency", measured(generator=sick(sign))) is None
    assert judged(judge, "load-throughput", measured(generator=sick(sign))) is None
    assert judged(judge, "load-cold-start", measured(generator=sick(sign))) is None
    certain = traffic("GET /", each_second(40, over=20), bounds=tuple(SecondBounds(at, 20, 20, 0) for at in range(29)))
    assert judged(judge, "load-latency", measured(certain, generator=sick(sign)))


@pytest.mark.parametrize(("sign", "said"), SICK)
def test_what_changes_between_the_ends_is_undecided(judge: Judge, sign: dict[str, Any], said: str) -> None:
    """Half of the requests were late here, and none if the generator's own lateness is taken off."""
    blurred = traffic("GET /", each_second(40, over=20), bounds=tuple(SecondBounds(at, 0, 20, 0) for at in range(30)))
    load = measured(blurred, generator=sick(sign))
    whole = replace(load.classes[0], bounds=blurred.bounds)
    with pytest.raises(Unobserved, match=said) as unseen:
        judged(judge, "load-latency", replace(load, classes=(whole,)))
    assert "between 0 and 600 of 1200" in unseen.value.reason
    assert "--processes" in unseen.value.hint
    assert judged(judge, "load-errors", load) is None, "errors are what they are"


def test_what_a_clock_may_have_hidden_keeps_no_budget(judge: Judge) -> None:
    """It was set while replies were on their way: nothing is known of how long they took."""
    hidden = traffic("GET /", bounds=tuple(SecondBounds(at, 0, 40, 0) for at in range(30)))
    load = measured(hidden, generator=sick({"clock_step": timedelta(seconds=1)}))
    whole = replace(load.classes[0], bounds=hidden.bounds)
    with pytest.raises(Unobserved, match="clock was set"):
        judged(judge, "load-latency", replace(load, classes=(whole,)))


@pytest.mark.parametrize("identifier", CONFIDENT)
def test_visits_that_nobody_made_keep_no_limit(judge: Judge, identifier: str) -> None:
    """A service is not ready for a load that it never saw; and what it did wrong stays wrong."""
    lazy = tuple(second(number, begun=14) for number in range(30))
    with pytest.raises(Unobserved, match=r"30\.0% of the visits were never begun"):
        judged(judge, identifier, measured(generator=lazy))
    wrong = each_second(40, over=20, failed=20)
    assert judged(judge, identifier, measured(traffic("GET /"), traffic("POST /pay", wrong), generator=lazy))


def test_a_few_visits_that_nobody_made_change_nothing(judge: Judge) -> None:
    """One of six hundred: the last one of a run is often due a moment after its end."""
    lazy = tuple(second(number, begun=19 if number == 29 else 20) for number in range(30))
    for identifier in CONFIDENT:
        assert judged(judge, identifier, measured(generator=lazy)) is None


def test_own_errors_are_ours(judge: Judge) -> None:
    """No port left on this machine is nothing that the service did."""
    own = tuple(second(number, own_errors=20) for number in range(30))
    with pytest.raises(Unobserved, match="never left this machine"):
        judged(judge, "load-latency", measured(generator=own))


def test_generator_that_told_nothing_is_not_believed(judge: Judge) -> None:
    """Then nobody knows what it added."""
    with pytest.raises(Unobserved, match="sent no figures about itself"):
        judged(judge, "load-latency", measured(generator=()))


def test_service_that_answers_nothing_is_red_however_busy_the_generator_is(judge: Judge) -> None:
    """The worst that a load can show: every request was given up, and is a failure."""
    nothing = each_second(40, over=40, failed=40)
    load = measured(traffic("GET /", nothing, given_up=1200, reasons=(("no reply after 2 s", 1200),)))
    load = replace(load, generator=sick({"waited": 0.07}), visits_ended=0, visits_given_up=600)
    said = judged(judge, "load-ran", load)
    assert said is not None
    assert "1200 times: no reply after 2 s" in said
    for identifier in ("load-latency", "load-errors", "load-throughput"):
        assert judged(judge, identifier, load)


@pytest.mark.parametrize("identifier", ["load-ran", *CONFIDENT, "load-throughput", "load-leak"])
def test_half_a_load_decides_nothing(judge: Judge, identifier: str) -> None:
    """Ctrl-C, a lost worker, a crash: INCOMPLETE, never GO."""
    with pytest.raises(Unobserved, match="it was interrupted: 12 s of 30 s were measured"):
        judged(judge, identifier, measured(cut_short="it was interrupted", seconds=12))


def test_early_stop_is_red_where_it_stopped(judge: Judge) -> None:
    """And says of the rest why nothing is known."""
    load = measured(
        traffic("GET /", each_second(1, over=1, seconds=3)),
        traffic("POST /pay", each_second(1, over=1, seconds=3)),
        stopped_early="all: 6 requests over their budget already, of 60 planned",
        seconds=3,
    )
    assert judged(judge, "load-latency", load)
    with pytest.raises(Unobserved, match="stopped early"):
        judged(judge, "load-payments", load)


def test_visits_in_vain(judge: Judge) -> None:
    """Who is not served at all waits no shorter."""
    said = judged(judge, "load-throughput", measured(visits_ended=300, visits_given_up=300))
    assert said is not None
    assert "300 of 600 visits timed out" in said
    slow = measured(model="closed", visits_ended=90)
    assert judged(judge, "load-throughput", slow) == "3.0 visits a second were served; 20 are expected"


def test_cold_start_is_about_the_start(judge: Judge) -> None:
    """Slow at first and then quick; a service that is always slow has another problem."""
    cold = measured(traffic("GET /", warm_up=SecondCounts(5, 200, 60, 0, 0)), traffic("POST /pay"))
    assert judged(judge, "load-cold-start", cold) == "over the budget in the first 5 s: all: 60 of 200"
    slow = each_second(40, over=20)
    always = measured(traffic("GET /", slow, warm_up=SecondCounts(5, 200, 60, 0, 0)), traffic("POST /pay", slow))
    assert judged(judge, "load-cold-start", always) is None


def test_memory_limit(judge: Judge) -> None:
    """At its highest, not at its end."""
    said = judged(judge, "load-memory", measured(server=server([200.0 * MIB] * 20 + [600.0 * MIB] + [200.0 * MIB] * 9)))
    assert said == "the service used 600 MiB; its limit is 512 MiB"
    with pytest.raises(Unobserved, match=r"load\.memory_limit"):
        judged(judge, "load-memory", measured(), memory_limit=None)


@pytest.mark.parametrize("identifier", ["load-memory", "load-leak"])
def test_memory_that_nobody_saw(judge: Judge, identifier: str) -> None:
    """Is not known to be within its limit."""
    with pytest.raises(Unobserved, match="/metrics: status 401"):
        judged(judge, identifier, measured(server=(), server_problem="/metrics: status 401"))


def test_leak_is_told_from_noise(judge: Judge) -> None:
    """8 KiB a request is found; half a megabyte up and down is not called one, and is not called none either."""
    leak = [200.0 * MIB + 8192 * 50 * at for at in range(30)]
    said = judged(judge, "load-leak", measured(server=server(leak)))
    assert said is not None
    assert said.startswith("memory grows by 8192 bytes a request over 1450 requests")
    noise = [200.0 * MIB + (at * 7 % 5) * MIB / 8 for at in range(30)]
    assert judged(judge, "load-leak", measured(server=server(noise))) is None
    wild = [200.0 * MIB + (at * 7 % 11) * 4 * MIB for at in range(30)]
    with pytest.raises(Unobserved, match="not certain yet"):
        judged(judge, "load-leak", measured(server=server(wild)))
    with pytest.raises(Unobserved, match="too few samples"):
        judged(judge, "load-leak", measured(server=server(leak[:5])))
