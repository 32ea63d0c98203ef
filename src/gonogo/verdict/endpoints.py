"""What an endpoint answered over all journeys: one that takes nothing from anybody is one trouble, at however many steps."""

import re
from collections.abc import Iterator, Mapping, Sequence

from gonogo.record.results import CheckResult, Observation, Outcome
from gonogo.record.shown_facts import facts_at

Answer = tuple[str, int | None]
"""Method and address without its query, and the status of the reply; None: there was no reply."""
_WALK = "walk"
_HTTP = re.compile(r"[A-Z]{3,7} https?://\S+")
_WENT_WRONG = {Outcome.FAIL, Outcome.WARN}
_TAKEN = range(200, 400)


def closed_endpoints(checks: Sequence[CheckResult]) -> Mapping[str, Answer]:
    """Ids of failed steps to the answer that ended them, where that endpoint took no request of any step.

    An endpoint that took some of them refuses the others for what is in them: those are different troubles.
    """
    open_ones = {
        endpoint
        for check in checks
        for observation in check.observations
        for endpoint, status in _answers(checks, observation)
        if status in _TAKEN
    }
    ends = {check.id: last_answer(checks, check) for check in checks if check.outcome in _WENT_WRONG}
    return {name: answer for name, answer in ends.items() if answer and answer[0] not in open_ones}


def last_answer(checks: Sequence[CheckResult], check: CheckResult) -> Answer | None:
    """The answer that the check ended with at every target where it went wrong; None: at no endpoint, or at several."""
    worst = [observation for observation in check.observations if observation.outcome is check.observed]
    ends = {answers[-1] if (answers := list(_answers(checks, observation))) else None for observation in worst}
    return ends.pop() if len(ends) == 1 else None


def _answers(checks: Sequence[CheckResult], observation: Observation) -> Iterator[Answer]:
    """Every HTTP request of a step, in order; of what was asked of others, as of Stripe, nothing."""
    walked = facts_at(checks, _WALK, observation.facts.get(_WALK))
    requests = walked.get("requests") if isinstance(walked, Mapping) else None
    for each in requests or ():
        if _HTTP.fullmatch(each["request"]):
            yield each["request"].partition("?")[0], each["status"]
