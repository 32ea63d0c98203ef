"""Values that a line of the list states, held against the environment file."""

from typing import Any

import pytest

from gonogo.families.registry import environment_from
from gonogo.planning.stated import contradictions_of, undeclared
from gonogo.policy.checklist_line import ChecklistLine, read_comment

BASE: dict[str, Any] = {"service": {"name": "S", "base_url": "https://a.test"}, "permits": {"effects": ["read"]}}
DROPLET = {"id": 1, "cpus": 2, "memory": "4 GiB", "disk": "80 GiB", "image": "ubuntu-22-04-x64"}
CLOUD = {"digitalocean": {"token": "A_TOKEN", "droplets": {"one": DROPLET}}}
READS = {"latency": "500 ms", "percentile": 95, "endpoints": ["GET /a"]}


def stating(states: str) -> ChecklistLine:
    """A line that states these values."""
    comment = read_comment(f"- [ ] text <!-- a.line states={states} -->")
    assert not comment.problems
    return ChecklistLine(id="a.line", text="text", number=1, states=comment.options["states"])


def contradictions(states: str, **sections: Any) -> list[str]:  # noqa: ANN401 - of a TOML document
    """What this environment says otherwise."""
    return contradictions_of(stating(states), environment_from({**BASE, **sections}))


@pytest.mark.parametrize(
    "states",
    [
        "digitalocean.droplets.*.memory:4GiB,digitalocean.droplets.*.cpus:2",
        "digitalocean.droplets.one.memory:4096MiB",
        "digitalocean.droplets.*.memory:2GiB..8GiB",
        "digitalocean.droplets.*.memory:..4GiB",
        "digitalocean.droplets.*.image:ubuntu-22-04-x64",
        "stripe.mode:live",
    ],
)
def test_agreement(states: str) -> None:
    """A section that nobody declares contradicts nothing: its checks are not planned."""
    assert not contradictions(states, **CLOUD)


@pytest.mark.parametrize(
    ("states", "key"),
    [
        ("digitalocean.droplets.*.memory:2GiB", "digitalocean.droplets.one.memory = 4294967296"),
        ("digitalocean.droplets.*.memory:8GiB..", "digitalocean.droplets.one.memory"),
        ("digitalocean.droplets.*.cpus:..1", "digitalocean.droplets.one.cpus = 2"),
        ("digitalocean.droplets.*.cpus:1GiB..", "digitalocean.droplets.one.cpus"),
        ("digitalocean.droplets.*.memry:4GiB", "the environment declares none"),
        ("digitalocean.droplets.two.memory:4GiB", "the environment declares none"),
        ("digitalcean.droplets.*.memory:4GiB", "environment files have no [digitalcean]"),
    ],
)
def test_contradiction(states: str, key: str) -> None:
    """A misspelled key would be compared with nothing, for ever."""
    (problem,) = contradictions(states, **CLOUD)
    assert key in problem


def test_value_of_nothing_is_not_known() -> None:
    """What ``without`` left over has no memory of two gibibytes: the line stays open, whatever else passed."""
    line = stating("redis.maxmemory:2GiB,digitalocean.droplets.*.cpus:2")
    told = undeclared(line, environment_from({**BASE, **CLOUD}))
    assert told == {"the value of redis.maxmemory": "the environment declares no [redis]"}


@pytest.mark.parametrize(("states", "problems"), [("a", 1), ("a.b", 1), ("a.b:1,c", 1), ("a.b:1", 0), ("A.b:1", 1)])
def test_what_is_no_statement_is_refused(states: str, problems: int) -> None:
    """Where it stands in the list, not in a run."""
    assert len(read_comment(f"- [ ] text <!-- a.line states={states} -->").problems) == problems
