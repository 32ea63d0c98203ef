"""The limits journey, judged against services of a few lines."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.base.errors import Unobserved
from gonogo.clients.exchanges import Body
from gonogo.clients.replies import Reply
from gonogo.evidence.http import Exchange
from gonogo.families.api.callers import Caller
from gonogo.families.api.section import RateLimit, SentToken
from tests.checks.conftest import Judge

MOST = 5


@dataclass
class Counting:
    """Counts by what its fields say, and refuses what is too much."""

    most: int = MOST
    by: str = "user"
    patience: str = "60"
    status: int = 200
    ends_after: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    paths: list[str] = field(default_factory=list)

    def __call__(self, method: str, path: str, headers: Mapping[str, str], _body: object) -> Reply:
        """One request."""
        self.paths.append(path)
        elsewhere = headers.get("X-Forwarded-For", "")
        counted = {"user": headers["Authorization"], "address": elsewhere, "nobody": ""}[self.by]
        self.asked[counted] += 1
        if self.asked[counted] == self.ends_after:
            self.asked[counted], self.ends_after = 0, 0
        refused = self.asked[counted] > self.most
        retry = {"retry-after": self.patience} if refused and self.patience else {}
        status = 429 if refused else self.status
        return Reply(
            f"{method} {path}", Body(exchange=Exchange(url=path, status=status, elapsed=timedelta(), headers=retry))
        )


def walk_to(service: Counting, **declared: Any) -> Any:  # noqa: ANN401 - as much of a walk as the step needs
    """A journey with one class of routes."""
    limit = RateLimit.model_validate({"get": "/search?text={number}", "most": MOST, **declared})

    def join(label: str, fields: Mapping[str, Any] | None = None) -> Caller:
        assert fields in ({}, None)
        return Caller(service, SentToken(), token=label)

    api = SimpleNamespace(section=SimpleNamespace(limits={"searches": limit}), join=join, unlimited=lambda: ["GET /me"])
    return SimpleNamespace(api=api, looked=lambda _subject, look, shown: look() and shown(look()))


@pytest.mark.parametrize("ends_after", [0, MOST])
def test_limit_by_user_is_green(judge: Judge, ends_after: int) -> None:
    """Also where the fixed time that is counted ends amid the requests."""
    service = Counting(ends_after=ends_after)
    assert judge("rates-limited", walk=walk_to(service)) is None
    assert service.paths[:2] == ["/search?text=1", "/search?text=2"]
    assert len(service.paths) <= 2 * MOST + 3


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (Counting(most=10**6), "searches: 11 requests of one user got no 429, although 5 are permitted"),
        (Counting(by="nobody"), "one user sent too many requests, and another user is refused"),
        (Counting(by="address"), "it said 429 until X-Forwarded-For named another address"),
        (Counting(patience=""), "it has no Retry-After header"),
        (Counting(status=500), "answered 500"),
    ],
)
def test_limit_that_is_none_is_told(judge: Judge, service: Counting, said: str) -> None:
    """Or one that hits others, or that is gone around, or that says nothing."""
    assert said in str(judge("rates-limited", walk=walk_to(service)))


def test_slow_machine_has_tried_nothing(judge: Judge) -> None:
    """What could not be sent in its time says nothing of the limit."""
    walk = walk_to(Counting())
    limits = walk.api.section.limits
    limits["searches"] = limits["searches"].model_copy(update={"within": timedelta(0)})
    with pytest.raises(Unobserved, match="only 1 requests could be sent"):
        judge("rates-limited", walk=walk)


def test_one_way_to_ask_is_declared() -> None:
    """As everywhere in [api]."""
    with pytest.raises(ValueError, match="exactly one of get, post and put"):
        RateLimit.model_validate({"get": "/a", "post": "/b", "most": 1})
