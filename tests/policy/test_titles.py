"""Titles hold the numbers that decide, also those that a team changed."""

import re
from pathlib import Path

import pytest

from gonogo.base.toml_files import parse_toml
from gonogo.policy.catalogue import CheckPolicy, Policy, read_catalogue

ROOT = Path(__file__).parents[2]
CATALOGUES = [
    ROOT / "checks/catalogue.toml",
    ROOT / "smoke/catalogue.toml",
    ROOT / "loadtests/catalogue.toml",
    *sorted(ROOT.glob("packages/*/src/*/checks/catalogue.toml")),
]


@pytest.mark.parametrize(
    ("policy", "title", "shown"),
    [
        ({"max_p95": "60 ms"}, "at most {max_p95}", "at most 60 ms"),
        ({"ceiling": "14 d", "floor": "24 h"}, "{ceiling}, never less than {floor}", "14 days, never less than 1 day"),
        ({"late": "36 h"}, "{late} late", "1 day 12 hours late"),
        ({"min_free_fraction": 0.2}, "{min_free_fraction} are free", "20 % are free"),
        ({"most_percent": 95}, "over {most_percent} % full", "over 95 % full"),
        ({"min_seconds": 31536000}, "for at least {min_seconds}", "for at least 365 days"),
        ({"attempts": 20}, "after {attempts} of {id}", "after 20 of {id}"),
        ({}, "{max_p95} of a service that speaks in braces", "{max_p95} of a service that speaks in braces"),
    ],
)
def test_title_shows_its_thresholds(policy: dict[str, object], title: str, shown: str) -> None:
    """A number that stood in the title by itself would be wrong as soon as a team has another one."""
    line = CheckPolicy.model_validate({"title": title, "severity": "blocker", "policy": policy})
    assert line.shown_title == shown


def test_large_thresholds_are_read_at_a_glance() -> None:
    """``3.1536e+07`` is a year to nobody; small numbers stay as the policy writes them."""
    policy = Policy.model_validate(
        {"min_seconds": 31536000, "most": 1500000, "share": 0.05, "count": 9999, "at": "60 s"}
    )
    assert policy.shown == {
        "min_seconds": "31,536,000 s (365 days)",
        "most": "1,500,000",
        "share": "0.05",
        "count": "9999",
        "at": "1 min",
    }


@pytest.mark.parametrize("path", [path for path in CATALOGUES if path.exists()], ids=lambda path: path.parts[-3])
def test_every_place_of_a_bundled_title_is_filled(path: Path) -> None:
    """A slip of the pen would be shown to everybody, braces and all."""
    for name, line in read_catalogue(path).items():
        assert not re.search(r"[{}]", line.shown_title), f"{name}: {line.shown_title}"


@pytest.mark.parametrize("path", [path for path in CATALOGUES if path.exists()], ids=lambda path: path.parts[-3])
def test_no_bundled_title_repeats_a_threshold(path: Path) -> None:
    """environments/policy.toml can change every threshold, and no title."""
    for name, line in parse_toml(path).items():
        policy = CheckPolicy.model_validate(line)
        digits = re.findall(r"\d+(?: %| ms| s| h| d\b)", policy.title)
        assert not (digits and policy.policy.root and not policy.title.count("{")), f"{name}: {policy.title}"
