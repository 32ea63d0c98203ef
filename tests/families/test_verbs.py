"""Verbs of families on a walk: typed, found by the clean-up, and a clear error where their section is missing."""

from collections.abc import Callable, Iterable
from typing import Any, cast

import pytest

from gonogo.base.errors import UsageError
from gonogo.base.marks import Leftovers, Marks
from gonogo.families.redis.journey import RedisVerbs
from gonogo.families.registry import environment_from
from gonogo.families.verbs import VerbsOf, verbs_of
from gonogo.families.world import World
from gonogo.journey.walk import Walk

WITHOUT = ["dns", "hosts", "http", "ports", "servers", "digitalocean", "atlas", "load", "variables"]
SERVICE = {"service": {"name": "Shop", "base_url": "https://shop.test", "without": WITHOUT}}
REDIS = {
    "url": "REDIS_URL",
    "monitor_url": "REDIS_MONITOR_URL",
    "key_prefix": "shop:",
    "maxmemory_policy": "noeviction",
    "persistence": "aof",
}


class OwnVerbs(RedisVerbs):
    """A project's own verbs, in the place of a built-in family's."""

    def doubled(self, number: int) -> int:
        """Twice the number."""
        return 2 * number

    def test_data(self, marks: Marks) -> Iterable[Leftovers]:
        """Something that the project alone knows of."""
        del marks
        yield Leftovers("own things", list, lambda _identifiers: None)


class Shop(Walk):
    """A walk of a project."""

    redis = VerbsOf(OwnVerbs)


def walk_in(kind: type[Walk], **sections: Any) -> Any:  # noqa: ANN401 - a walk of this kind
    """A journey in an environment that declares only these sections."""

    class Here:
        environment = environment_from({**SERVICE, **sections})

    return kind(cast("World", Here()), "journey")


@pytest.mark.parametrize(
    ("section", "ask"),
    [
        ("http", lambda walk: walk.http.metric("requests_total")),
        ("mail", lambda walk: walk.mail.received("a@shop.test", "Welcome")),
        ("mongodb", lambda walk: walk.mongodb.stored("users")),
        ("redis", lambda walk: walk.redis.lifetimes("*")),
        ("sentry", lambda walk: walk.sentry.send_canary()),
        ("stripe", lambda walk: walk.stripe.intent("pi_1")),
    ],
)
def test_missing_section_is_named_with_its_cure(section: str, ask: Callable[[Walk], object]) -> None:
    """Who reads this at night must know which file to change, and how."""
    with pytest.raises(UsageError) as raised:
        ask(walk_in(Walk))
    assert f"declares no [{section}]" in str(raised.value)
    assert f'about = ["{section}"]' in str(raised.value)


def test_missing_part_is_named_with_its_cure() -> None:
    """A section alone is not enough where a key of it is asked."""
    with pytest.raises(UsageError, match=r'declares no http\.metrics with http\.metrics_token.* about = \["metrics"\]'):
        walk_in(Walk, http={"closed_paths": ["/.env"]}).http.metric("requests_total")


def test_clean_up_asks_declared_families_only() -> None:
    """A place that is not declared cannot be asked, and nothing can be there."""
    assert list(verbs_of(walk_in(Walk))) == []
    declared = list(verbs_of(walk_in(Walk, redis=REDIS)))
    assert [type(verbs) for verbs in declared] == [RedisVerbs]
    assert [place.kind for place in declared[0].test_data(Marks())] == ["keys in Redis"]


def test_verbs_of_a_project_take_the_place_of_built_in_ones() -> None:
    """One attribute, one set of verbs: what the subclass names counts, for steps and for the clean-up."""
    walk = walk_in(Shop, redis=REDIS)
    assert walk.redis.doubled(2) == 4
    kinds = [place.kind for verbs in verbs_of(walk) for place in verbs.test_data(Marks())]
    assert kinds == ["own things"]
