"""Shared rules of the load's checks: whether a load can be judged at all, and how a decision becomes an outcome."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gonogo.base.comparing import below, shown
from gonogo.base.durations import format_duration
from gonogo.base.errors import Unobserved
from gonogo.evidence.load import GeneratorSecond, LoadEvidence, Traffic
from gonogo.evidence.load_fitness import sickness
from gonogo.families.load.section import Load
from gonogo.load.bounds import not_made
from gonogo.load.limits import Exceedances, LimitDecision, LimitResult, decide_between

_MOST_NAMED = 4
_MOST_REASONS = 2
_UNFIT = "the figures of the load generator cannot be trusted"
_MOST_UNSEEN = 0.001
"""Share of the requests; below this it is not worth a word."""
FITTER = "give the load more processes (--processes), machines of its own (--workers), or a lower rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How often something happened: as measured, and at both ends of what the generator may have done to it."""

    found: Exceedances
    least: Exceedances
    most: Exceedances


def between(counted: Counted, limit: float, confidence: float, *, comparisons: int = 1) -> LimitResult:
    """Whether it stays below its limit at both ends."""
    return decide_between(counted.found, counted.least, counted.most, limit, confidence, comparisons=comparisons)


def unfit(generator: Sequence[GeneratorSecond], requests: int) -> str:
    """Say why the generator was not fit; empty: it was. It matters only where it leaves a limit undecided."""
    if not generator:
        return "the load generator sent no figures about itself"
    reasons = []
    ailing = [reason for second in generator if (reason := sickness(second))]
    if ailing:
        worst = max(sorted(set(ailing)), key=ailing.count)
        others = len(ailing) - ailing.count(worst)
        reasons.append(
            f"{worst} in {ailing.count(worst)} of {len(generator)} s"
            + (f", and other things in {others}" if others else "")
        )
    own = sum(second.own_errors for second in generator)
    if own > _MOST_UNSEEN * (requests + own):
        reasons.append(
            f"{own} of {requests + own} requests never left this machine: it ran out of files, ports or memory"
        )
    if (share := not_made(generator, requests)) > _MOST_UNSEEN and not own:
        reasons.append(f"{share:.1%} of the visits were never begun")
    return f"{_UNFIT}: {'; '.join(reasons)}" if reasons else ""


def fit(load: LoadEvidence) -> None:
    """Raise Unobserved unless the generator did what it was told to, and told what it did."""
    complete(load)
    if load.problems:
        reason = f"the generator itself had problems: {'; '.join(load.problems[:_MOST_NAMED])}"
        raise Unobserved(reason, hint="correct loadtests/locustfile.py, or the environment's [load]")
    if not load.generator:
        raise Unobserved(unfit((), 0), hint=FITTER)


def too_unfit(load: LoadEvidence, words: str) -> Unobserved:
    """The error for limits that only the generator's own doing leaves undecided."""
    reason = unfit(load.generator, _requests(load)) or _UNFIT
    return Unobserved(f"{reason}; undecided for that: {words}", hint=FITTER)


def complete(load: LoadEvidence) -> None:
    """Raise Unobserved if less was measured than planned, unless enough was seen to say no."""
    if load.cut_short:
        measured = format_duration(timedelta(seconds=load.seconds))
        reason = f"{load.cut_short}: {measured} of {format_duration(load.planned)} were measured"
        raise Unobserved(reason, hint="run it again: gonogo load")


def named_limit(load: LoadEvidence, declared: Load, name: str) -> LimitResult:
    """Whether the failures that the environment file names so stay below their limit. Raises Unobserved."""
    limit = declared.failures.get(name)
    if limit is None:
        raise Unobserved(
            f"the environment declares no load.failures.{name}", hint="declare its endpoints and its limit"
        )
    counted = in_vain(
        [traffic for traffic in load.endpoints if traffic.name in limit.endpoints], f"{name} failed", load
    )
    return between(counted, limit.below, load.confidence)


def raise_for(results: Sequence[LimitResult], load: LoadEvidence) -> None:
    """AssertionError names the limits that were missed; Unobserved those that nothing can be said about yet."""
    for result in results:
        _note(result, load)
    over_limit = [result.words for result in results if result.decision is LimitDecision.MISSED]
    if over_limit:
        raise AssertionError(_listed(over_limit))
    undecided = [result for result in results if result.decision is LimitDecision.UNDECIDED]
    if not undecided:
        return
    if blurred := [result.words for result in undecided if result.most is not None]:
        raise too_unfit(load, _listed(blurred))
    words = _listed([result.words for result in undecided])
    if load.stopped_early:
        reason = f"the load was stopped early ({load.stopped_early}); too few requests until then: {words}"
        raise Unobserved(reason, hint="repair what stopped it, then run it again")
    times = [result.times for result in undecided]
    lengths = [length for length in times if length is not None]
    if len(lengths) == len(times):
        needed = format_duration(timedelta(seconds=round(max(lengths) * load.seconds)))
        hint = (
            f"run the load for {needed}, which would decide if it goes on like this: gonogo load --duration '{needed}'"
        )
    else:
        hint = "no run decides this: it is at the limit, or nothing was asked; raise the budget or the rate"
    raise Unobserved(f"too few requests to be {load.confidence:.0%} sure of yes or no: {words}", hint=hint)


def _note(result: LimitResult, load: LoadEvidence) -> None:
    """Note what was decided: the share beside its limit where it tells the decision, else the decision in words."""
    counted, kind = result.exceedances, f"share below {result.limit:g}"
    share = counted.count / counted.requests if counted.requests else 1.0
    kept = result.decision is LimitDecision.KEPT
    if result.decision is not LimitDecision.UNDECIDED and (share < result.limit) is kept:
        below(share, result.limit, counted.name, "share", kind=kind)
    else:
        sure = f"fewer than {100 * result.limit:.3g} %, with {load.confidence:.0%} confidence"
        doubt = "" if result.decision is LimitDecision.MISSED else ", not certain"
        shown(kept, counted.name, f"{counted.count} of {counted.requests} ({share:.1%}){doubt}", sure)


def over_budget(traffic: Traffic, load: LoadEvidence) -> Counted:
    """Requests that took as long as the budget, or longer."""
    name = f"{traffic.name} ≥ {format_duration(traffic.budget)}"
    bounds = {bound.second: bound for bound in traffic.bounds}
    ends = []
    for tally in traffic.tallies:
        bound = bounds.get(tally.second)
        least = bound.least_over_budget if bound else tally.over_budget
        most = bound.most_over_budget if bound else tally.over_budget
        ends.append((tally.requests, tally.over_budget, least, most))
    return Counted(
        found=Exceedances(name=name, seconds=[(of, over) for of, over, _, _ in ends]),
        least=Exceedances(name=name, seconds=[(of, least) for of, _, least, _ in ends]),
        most=Exceedances(
            name=name, seconds=[(of, most) for of, _, _, most in ends], unseen=_unseen(traffic.requests, load)
        ),
    )


def errors(traffic: Traffic, load: LoadEvidence) -> Counted:
    """Requests that were answered wrongly, cut off, or not answered."""
    return _failures([traffic], f"{traffic.name} failed", load, refusals=False)


def in_vain(traffic: Sequence[Traffic], name: str, load: LoadEvidence) -> Counted:
    """Requests that failed or were refused, of all that belong together: either way nothing came of them."""
    return _failures(traffic, name, load, refusals=True)


def _failures(traffic: Sequence[Traffic], name: str, load: LoadEvidence, *, refusals: bool) -> Counted:
    """Failures of several endpoints together, second by second, with both ends of what the generator may have added."""
    by_second: dict[int, tuple[int, int, int]] = {}
    for endpoint in traffic:
        certain = {bound.second: bound.least_failed for bound in endpoint.bounds}
        for second, requests, _, failed, refused in endpoint.tallies:
            no = refused if refusals else 0
            before = by_second.get(second, (0, 0, 0))
            more = requests, failed + no, certain.get(second, failed) + no
            by_second[second] = before[0] + more[0], before[1] + more[1], before[2] + more[2]
    measured = [(of, hits) for of, hits, _ in by_second.values()]
    unseen = _unseen(sum(of for of, _ in measured), load)
    return Counted(
        found=Exceedances(name=name, seconds=measured),
        least=Exceedances(name=name, seconds=[(of, least) for of, _, least in by_second.values()]),
        most=Exceedances(name=name, seconds=measured, unseen=unseen),
    )


def limit_results(counts: Iterable[tuple[Traffic, Counted, float]], load: LoadEvidence) -> list[LimitResult]:
    """All that must be decided, and of the rest what is missed for certain."""
    listed = list(counts)
    results = [
        (traffic, between(counted, limit, load.confidence, comparisons=len(listed)))
        for traffic, counted, limit in listed
    ]
    return [result for traffic, result in results if traffic.decided or result.decision is LimitDecision.MISSED]


def failed_for(load: LoadEvidence) -> str:
    """The most frequent reasons of failures, for the end of a message; empty: none is known."""
    reasons = sorted((count, reason) for endpoint in load.endpoints for reason, count in endpoint.reasons)
    listed = "; ".join(f"{count} times: {reason}" for count, reason in reasons[: -_MOST_REASONS - 1 : -1])
    return f" ({listed})" if listed else ""


def _unseen(requests: int, load: LoadEvidence) -> int:
    """Estimate how many requests should have been made beside these, and were not."""
    share = not_made(load.generator, _requests(load))
    return round(requests * share / (1 - share)) if share < 1 else requests


def _requests(load: LoadEvidence) -> int:
    return sum(endpoint.requests for endpoint in load.endpoints)


def _listed(words: Sequence[str]) -> str:
    unnamed = len(words) - _MOST_NAMED
    return "; ".join(words[:_MOST_NAMED]) + (f"; and {unnamed} more" if unnamed > 0 else "")
