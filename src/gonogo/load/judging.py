"""What checks of the load have in common: whether it can be judged at all, and what a ruling means."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.evidence.load import GeneratorSecond, LoadEvidence, Tally, Traffic
from gonogo.families.load.section import Load
from gonogo.load.verdicts import Hits, Judged, Ruling, judge

MOST_LAG = timedelta(milliseconds=25)
MOST_CPU = 0.8
MOST_WAITED = 0.05
MOST_STOLEN = 0.02
LEAST_BEGUN = 0.98
MOST_CLOCK_STEP = timedelta(milliseconds=50)
"""Beyond these a second of the generator is sick (measured, see load.md)."""
MOST_SICK = 0.05
"""Of the seconds."""
MOST_OWN_ERRORS = 0.001
"""Of the requests."""
_MOST_NAMED = 4


def unfit(generator: Sequence[GeneratorSecond], requests: int) -> str:
    """Why latencies that it measured cannot be believed; empty if they can."""
    if not generator:
        return "the generator told nothing of itself"
    own = sum(second.own_errors for second in generator)
    if own > MOST_OWN_ERRORS * (requests + own):
        return f"{own} of {requests + own} requests never left this machine: it ran out of files, ports or memory"
    ailing = [reason for second in generator if (reason := _sick(second))]
    if len(ailing) > MOST_SICK * len(generator):
        worst = max(set(ailing), key=ailing.count)
        return f"the generator was not fit to measure in {len(ailing)} of {len(generator)} seconds, mostly: {worst}"
    return ""


def fit(load: LoadEvidence) -> None:
    """Raise Unobserved unless latencies can be believed."""
    complete(load)
    if load.problems:
        reason = f"the generator itself had problems: {'; '.join(load.problems[:_MOST_NAMED])}"
        raise Unobserved(reason, hint="correct loadtests/locustfile.py, or the environment's [load]")
    if reason := unfit(load.generator, sum(endpoint.requests for endpoint in load.endpoints)):
        hint = "give the load more processes (--processes), machines of its own (--workers), or a lower rate"
        raise Unobserved(reason, hint=hint)


def complete(load: LoadEvidence) -> None:
    """Raise Unobserved if less was measured than planned, unless enough was seen to say no."""
    if load.cut_short:
        measured = format_duration(timedelta(seconds=load.seconds))
        reason = f"{load.cut_short}: {measured} of {format_duration(load.planned)} were measured"
        raise Unobserved(reason, hint="run it again: gonogo load")


def named_limit(load: LoadEvidence, declared: Load, name: str) -> Judged:
    """Whether the failures that the environment file names so stay below their limit. Raises Unobserved."""
    limit = declared.failures.get(name)
    if limit is None:
        raise Unobserved(
            f"the environment declares no load.failures.{name}", hint="declare its endpoints and its limit"
        )
    hits = in_vain([traffic for traffic in load.endpoints if traffic.name in limit.endpoints], f"{name} failed")
    return judge(hits, limit.below, load.confidence)


def decide(judged: Sequence[Judged], load: LoadEvidence) -> None:
    """AssertionError names the limits that were missed; Unobserved those that nothing can be said about yet."""
    missed = [one.words for one in judged if one.ruling is Ruling.MISSED]
    if missed:
        raise AssertionError(_listed(missed))
    open_ones = [one for one in judged if one.ruling is Ruling.UNDECIDED]
    if not open_ones:
        return
    words = _listed([one.words for one in open_ones])
    if load.stopped_early:
        reason = f"the load was stopped early ({load.stopped_early}); too few requests until then: {words}"
        raise Unobserved(reason, hint="repair what stopped it, then run it again")
    times = [one.times for one in open_ones]
    known = [one for one in times if one is not None]
    if len(known) == len(times):
        needed = format_duration(timedelta(seconds=round(max(known) * load.seconds)))
        hint = f"a run of {needed} would decide, if it went on like this: gonogo load --duration '{needed}'"
    else:
        hint = "no run decides this: it is at the limit, or nothing was asked; raise the budget or the rate"
    raise Unobserved(f"too few requests to say with {load.confidence:.0%} confidence: {words}", hint=hint)


def over_budget(traffic: Traffic) -> Hits:
    """Requests that took as long as the budget, or longer."""
    return _hits(traffic, f"{traffic.name} ≥ {format_duration(traffic.budget)}", lambda tally: tally[2])


def errors(traffic: Traffic) -> Hits:
    """Requests that were answered wrongly, or cut off."""
    return _hits(traffic, f"{traffic.name} failed", lambda tally: tally[3])


def in_vain(traffic: Iterable[Traffic], name: str) -> Hits:
    """Requests that failed or were refused, of all that belong together: either way nothing came of them."""
    found: dict[int, tuple[int, int]] = {}
    for one in traffic:
        for second, requests, _, failed, refused in one.tallies:
            before = found.get(second, (0, 0))
            found[second] = before[0] + requests, before[1] + failed + refused
    return Hits(name=name, seconds=list(found.values()))


def judged(found: Iterable[tuple[Traffic, Hits, float]], load: LoadEvidence) -> list[Judged]:
    """All that must be decided, and of the rest what is missed for certain."""
    listed = list(found)
    rulings = [(traffic, judge(hits, limit, load.confidence, among=len(listed))) for traffic, hits, limit in listed]
    return [one for traffic, one in rulings if traffic.decided or one.ruling is Ruling.MISSED]


def _hits(traffic: Traffic, name: str, of: Callable[[Tally], int]) -> Hits:
    return Hits(name=name, seconds=[(tally[1], of(tally)) for tally in traffic.tallies])


def _sick(second: GeneratorSecond) -> str:
    """What was wrong with one second of one process; empty: nothing."""
    signs = (
        (second.lag > MOST_LAG, "its event loop woke too late"),
        (second.cpu > MOST_CPU, "it had no processor time left"),
        (second.waited > MOST_WAITED, "it had to wait for a processor"),
        (second.stolen > MOST_STOLEN, "the hypervisor gave the processor to others"),
        (second.begun < LEAST_BEGUN * second.planned, "visits began too late"),
        (abs(second.clock_step) > MOST_CLOCK_STEP, "its clock was set"),
    )
    return next((reason for is_so, reason in signs if is_so), "")


def _listed(words: Sequence[str]) -> str:
    rest = len(words) - _MOST_NAMED
    return "; ".join(words[:_MOST_NAMED]) + (f"; and {rest} more" if rest > 0 else "")
