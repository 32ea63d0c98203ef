"""``make endurance``: many smoke runs in a row, and one that is killed after every step; nothing of them may remain.

``python tests/smoke/endurance.py [RUNS]``: 50 runs unless another number is given.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

import redis
import stripe
from dotenv import dotenv_values
from pymongo import MongoClient

from gonogo.planning.plan import WALK
from gonogo.planning.suite import project_suite
from gonogo.record.results import Results
from gonogo.runs.cleanup import clean
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.runs.session import results_of

KILLED = -signal.SIGKILL
_RUNS = 50
MONEY = "money-charged-and-refunded"
"""Its run is another one: live keys, and permission given twice."""
_TRANSIENT = "wm:rate:"
"""Counters of attempts: they name nobody, and are gone within a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a run goes."""

    overlay: Mapping[str, Any]
    gate: str = "smoke"
    only: Sequence[str] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    allow_money: bool = False


@contextmanager
def environment() -> Iterator[ReferenceInstance]:
    """A healthy one, for as long as it is needed."""
    with ReferenceProcess() as process:
        yield ReferenceInstance(overlay=process.ready["environment"], faults=())


def smoke(instance: ReferenceInstance) -> Results:
    """One run, in this process."""
    run = prepare(Request(environment="reference", project=Path.cwd(), gate="smoke"), {}, instance=instance)
    return results_of(run)


def stopped_after(step: str, way: Way, number: signal.Signals = signal.SIGKILL) -> int:
    """A run in a process of its own that gets a signal as soon as this step is done. Gives its exit code."""
    with walking(way, step, number) as process:
        return process.wait(120)


@contextmanager
def walking(way: Way, step: str = "", number: signal.Signals = signal.SIGKILL) -> Iterator[subprocess.Popen[bytes]]:
    """The process of such a run; ended by its id whatever happens."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(asdict(way), file)
        file.flush()
        program = "import sys; from tests.smoke.killed import main; main(*sys.argv[1:])"
        command = [sys.executable, "-c", program, file.name, step, str(int(number))]
        with subprocess.Popen(command) as process:  # noqa: S603 - our own program
            try:
                yield process
            finally:
                process.kill()


def steps(instance: ReferenceInstance) -> Iterator[tuple[str, Way]]:
    """The ids of all that the environment permits, in the order in which they are walked, and a run that has each."""
    smoke = prepare(Request(environment="reference", project=Path.cwd(), gate="smoke"), {}, instance=instance)
    smoke.close()
    suite = project_suite(Path.cwd())
    for step in suite.order:
        if WALK in suite.declarations[step].arguments and step != MONEY:
            planned = step in smoke.plan.plan.checks and not smoke.plan.plan.checks[step].unrunnable
            gate, only = ("smoke", ()) if planned else ("sign-off", (step,))
            yield step, Way(overlay=instance.overlay, gate=gate, only=only)


def contents(instance: ReferenceInstance) -> Mapping[str, int]:
    """How much there is of everything, asked of the databases and of Stripe, not of gonogo."""
    overlay: Mapping[str, Any] = instance.overlay
    secrets = {name: value or "" for name, value in dotenv_values(overlay["secrets"]["dotenv"]).items()}
    found: Counter[str] = Counter()
    with MongoClient[dict[str, Any]](secrets["MONGO_URL"], tlsCAFile=overlay["mongodb"]["ca_file"]) as client:
        database = client["workme"]
        for name in database.list_collection_names():
            found[f"documents in {name}"] = database[name].count_documents({})
        # Its one document counts seats.
        found["documents in beta"] = sum(seats["taken"] for seats in database["beta"].find())
    with redis.Redis.from_url(secrets["REDIS_URL"], ssl_ca_certs=overlay["redis"]["ca_file"]) as cache:
        keys = cast("list[bytes]", list(cache.scan_iter(match="wm:*", count=1000)))
        found["keys in Redis"] = sum(not key.startswith(_TRANSIENT.encode()) for key in keys)
    account = stripe.StripeClient(secrets["STRIPE_SECRET_KEY"], base_addresses={"api": overlay["stripe"]["api"]})
    done = {"succeeded", "canceled"}
    intents = list(account.v1.payment_intents.list({"limit": 100}).auto_paging_iter())
    found["open payments"] = sum(intent.status not in done for intent in intents)
    if overlay["stripe"].get("mode") == "live":
        returned = sum(refund.amount for refund in account.v1.refunds.list({"limit": 100}).auto_paging_iter())
        found["centavos kept"] = sum(intent.amount_received for intent in intents) - returned
    return {what: number for what, number in found.items() if number}


def many(instance: ReferenceInstance, runs: int) -> bool:
    """Print one line per run that is no GO, and what they left together."""
    before, verdicts = contents(instance), Counter[str]()
    for number in range(runs):
        started = time.monotonic()
        results = smoke(instance)
        verdicts[results.decision.verdict] += 1
        bad = [f"{check.id} {check.outcome}" for check in results.checks if check.outcome != "pass"]
        print(
            f"run {number + 1}: {results.decision.verdict} in {time.monotonic() - started:.1f} s {', '.join(bad)}",
            flush=True,
        )
    after = contents(instance)
    print(f"{runs} runs: {dict(verdicts)}; before {dict(before)}, after {dict(after)}")
    return before == after and set(verdicts) == {"go"}


def kills(instance: ReferenceInstance) -> bool:
    """Print what each killed run left, and what remained after cleaning."""
    clean_now = contents(instance)
    good = True
    for step, way in steps(instance):
        code = stopped_after(step, way)
        left = contents(instance)
        cleanup = clean("reference", Path.cwd(), {}, instance=instance)
        remained = {what: number for what, number in contents(instance).items() if clean_now.get(what) != number}
        good &= code == KILLED and not remained and not cleanup.remaining
        print(
            f"killed after {step} (exit {code}): {sum(left.values())} things there, found {cleanup.found_words}; "
            f"remained {remained or 'nothing'}",
            flush=True,
        )
    return good


def main(runs: int) -> int:
    """1 if anything remained, or if any run was no GO."""
    with environment() as instance:
        good = many(instance, runs)
        return 0 if kills(instance) and good else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else _RUNS))
