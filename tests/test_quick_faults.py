"""Which faults the gate tells, and which it leaves to ``make faults``."""

import json
from pathlib import Path

import pytest

from tests.faults import quick

SEEN = {
    "all-gone": ["alive", "fast"],
    "slow": ["fast"],
    "page-gone": ["page"],
    "pages-gone": ["page", "title"],
    "still-green": [],
}
KNOWN = [*SEEN, "new"]


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was red when all were told."""
    path = tmp_path / "seen.json"
    path.write_text(json.dumps(SEEN), encoding="utf-8")
    monkeypatch.setattr(quick, "_SEEN", path)
    return path


@pytest.mark.usefixtures("seen")
def test_each_check_is_red_under_one_of_them() -> None:
    """What shows nothing, and what nobody has told yet, is told as well: nobody knows what it shows."""
    assert quick.chosen(KNOWN, dict.fromkeys(KNOWN, 1.0)) == ["all-gone", "pages-gone", "still-green", "new"]


@pytest.mark.usefixtures("seen")
def test_what_is_cheap_is_told_first() -> None:
    """Three that share one run cost as much as one that needs a run for itself."""
    prices = {"all-gone": 9.0, "slow": 0.1, "page-gone": 0.1, "pages-gone": 0.3, "still-green": 1.0, "new": 1.0}
    assert quick.chosen(KNOWN, prices) == ["all-gone", "pages-gone", "still-green", "new"]


def test_each_line_is_lied_about(seen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although nothing is red under the lie that is not red under another fault."""
    monkeypatch.setattr(quick, "lines_of", lambda fault: ["pages.shown"] if fault == "page-gone" else [])
    assert "page-gone" in quick.chosen(KNOWN, dict.fromkeys(KNOWN, 1.0))
    quick.keep({"one": {"b", "a"}})
    assert json.loads(seen.read_text(encoding="utf-8")) == {"one": ["a", "b"]}
