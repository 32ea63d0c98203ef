"""Drives the real generator against a real server in a process of its own."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

from gonogo.base.errors import Unobserved
from gonogo.evidence.load import LoadEvidence
from gonogo.families.load.section import Load
from gonogo.load.aggregator import LoadAggregator
from gonogo.load.judging import between, errors, fit, over_budget, unfit
from gonogo.load.limits import LimitDecision
from gonogo.load.plan import EndpointPlan, LoadPlan, TargetPlan
from gonogo.load.process import Event, Generator, GeneratorConfig
from gonogo.load.summary import Measured
from reference.certificates import CertificateSettings, issue_public

SCENARIOS = Path(__file__).parent / "scenarios" / "locustfile.py"
HOST = "target.test"
_SCENARIO = """
from gonogo.load.visitor import Visitor


class Notes(Visitor):
    scenario = "notes"
    makes = ("GET /notes",)

    def visit(self):
        self.ask("GET /notes", "/notes")
"""


@dataclass(slots=True)
class Target:
    """Where it is, and, when it has ended, what it knows."""

    plan: TargetPlan
    pid: int
    took: list[float] = field(default_factory=list)
    """Seconds of every reply."""
    took_with_opening: list[float] = field(default_factory=list)
    """The same, with what its connection waited to be opened."""
    asked: int = 0
    """Requests that came."""
    broken: int = 0
    """Those that it cut off."""


@contextmanager
def target(**behaviour: Any) -> Iterator[Target]:  # noqa: ANN401 - fields of a Behaviour
    """A server that behaves like this."""
    with tempfile.TemporaryDirectory() as folder:
        root, bundle, _ = issue_public(Path(folder), CertificateSettings(names=(HOST,)))
        command = [sys.executable, "-m", "tests.load.target", str(bundle.chain), str(bundle.key), json.dumps(behaviour)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own
        stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        port = json.loads(stdout.readline())["port"]
        plan = TargetPlan(
            host=HOST,
            authority=f"{HOST}:{port}",
            addresses=("127.0.0.1",),
            port=port,
            trust=root.read_text(),
        )
        found = Target(plan, process.pid)
        try:
            yield found
        finally:
            stdin.close()
            seen = json.loads(stdout.readline() or "{}")
            found.took += seen.get("took", [])
            found.took_with_opening += seen.get("took_with_opening", [])
            found.asked, found.broken = seen.get("asked", 0), seen.get("broken", 0)
            process.wait(10)
            stdout.close()


def repository_of_a_team(folder: Path, where: Target) -> Path:
    """One scenario, which makes nobody, and an environment that lets nothing be written."""
    for name in ("environments", "loadtests", "reports"):
        (folder / name).mkdir(parents=True)
    (folder / "loadtests" / "locustfile.py").write_text(_SCENARIO)
    (folder / "root.pem").write_text(where.plan.trust or "")
    (folder / "environments" / "staging.toml").write_text(f"""
[service]
name = "Notes"
base_url = "https://{where.plan.authority}"
without = ["dns", "http", "health", "metrics", "openapi", "release"]
[permits]
effects = ["read", "load"]
[hosts."{HOST}"]
addresses = ["127.0.0.1"]
https_port = {where.plan.port}
http_port = 1
[tls]
trust = "root.pem"
issuer = "X"
[load]
visits_per_second = 50
visits.notes = 1
classes.all = {{ latency = "500 ms", percentile = 95, endpoints = ["GET /notes"] }}
""")
    return folder


def load(**changes: Any) -> Load:  # noqa: ANN401 - fields
    """What an environment would declare."""
    fields: dict[str, Any] = {
        "visits_per_second": 50,
        "visits": {"hit": 1},
        "classes": {"all": {"latency": "500 ms", "percentile": 95, "endpoints": ["GET /"]}},
    }
    return Load.model_validate({**fields, **changes})


def drive(
    where: TargetPlan,
    rates: Mapping[str, float],
    *,
    seconds: float,
    warm_up: float = 1.0,
    budget: float = 0.5,
    model: str = "open",
    users: int = 50,
    think: float = 0.05,
    generator_config: GeneratorConfig | None = None,
    data: Mapping[str, Any] | None = None,
    live: bool = False,
    locustfile: Path = SCENARIOS,
    on_event: Callable[[Event, Generator], None] = lambda _event, _generator: None,
    on_aggregator: Callable[[LoadAggregator], None] = lambda _aggregator: None,
) -> LoadAggregator:
    """Everything that the generator reported."""
    plan = LoadPlan(
        mark="gonogo-test",
        target=where,
        model="closed" if model == "closed" else "open",
        visits_per_second=rates,
        users=users,
        think=think,
        warm_up=warm_up,
        measured=seconds,
        endpoints=(EndpointPlan(name="GET /", budget=budget),),
        live=live,
        data=data or {},
    )
    aggregator = LoadAggregator(load(), ["GET /"])
    on_aggregator(aggregator)
    generator = Generator(locustfile, generator_config or GeneratorConfig())
    try:
        generator.start(plan)
        watchdog = generator.watchdog(90 + warm_up + seconds)
        for event in generator.events():
            aggregator.hear(event)
            on_event(event, generator)
        watchdog.cancel()
    finally:
        code, words = generator.close()
    if code:
        aggregator.problems[f"exit {code}: {words}"] = None
    return aggregator


def latencies(aggregator: LoadAggregator) -> list[float]:
    """Seconds of every request of the window, in order."""
    window = aggregator.window
    assert window is not None
    found = aggregator.samples.by_key.items()
    return sorted(one for (second, _, _), samples in found if window.covers(second) for one in samples)


def percentile(found: list[float], share: float) -> float:
    """Nearest rank."""
    return found[max(0, -(-len(found) * round(share * 1000) // 1000) - 1)]


def recorded(aggregator: LoadAggregator) -> Measured:
    """As the run's evidence is made of it."""
    assert aggregator.window is not None
    return Measured(
        aggregator.load,
        aggregator.names,
        aggregator.samples,
        aggregator.window,
        aggregator.slacks(),
        aggregator.reasons(),
    )


def evidence(aggregator: LoadAggregator) -> LoadEvidence:
    """What checks would judge."""
    found, (ended, given_up) = recorded(aggregator), aggregator.visits()
    return LoadEvidence(
        scope=("load",),
        taken_at=datetime.now(UTC),
        profile="gate",
        model="open",
        visits_per_second=aggregator.load.visits_per_second,
        confidence=aggregator.load.confidence,
        warm_up=timedelta(0),
        planned=timedelta(seconds=found.window.ends - found.window.begins),
        seconds=found.window.ends - found.window.begins,
        visits_ended=ended,
        visits_given_up=given_up,
        classes=tuple(found.classes()),
        endpoints=tuple(found.endpoints()),
        generator=tuple(aggregator.generator()),
        server=(),
        workers=1,
        stopped_early=aggregator.stopped_early,
        problems=tuple(aggregator.problems),
    )


def verdict(aggregator: LoadAggregator) -> str:
    """Of the latencies and the errors together, as the load's checks decide: go, no-go, or undecided."""
    load = evidence(aggregator)
    whole = load.classes[0]
    limits = (
        (over_budget(whole, load), 1 - whole.percentile / 100),
        (errors(whole, load), aggregator.load.errors_below),
    )
    try:
        fit(load)
        rulings = [between(counted, limit, load.confidence).decision for counted, limit in limits]
    except Unobserved as error:
        return f"undecided ({error.reason})"
    if LimitDecision.MISSED in rulings:
        return "no-go"
    if all(ruling is LimitDecision.KEPT for ruling in rulings):
        return "go"
    return f"undecided ({unfit(load.generator, load.endpoints[0].requests) or 'too few requests'})"
