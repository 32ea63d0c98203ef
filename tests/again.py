"""Runs the tests that failed beside others once more, one after another: two of eight programs on two cores starve.

A failure that a test shows by itself is one; a few that it shows only beside others are told, each by its name, and are
no failure of the code. What ended otherwise than with failed tests, or with more than a few, is not asked again.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ENDED = "gonogo/ended"
"""Key of pytest's cache: how the run before this one ended."""
MOST = 12
"""Failed tests that a crowded machine may make; more are a failure of the code."""
_CACHE = Path(".pytest_cache/v")


def refusal(ended: int | None, failed: Sequence[str]) -> str:
    """Why these are not asked again; empty if they are."""
    if ended != pytest.ExitCode.TESTS_FAILED:
        return f"the tests did not run to their end (pytest's exit code {ended})"
    if not failed:
        return "pytest names no test that failed"
    if len(failed) > MOST:
        return f"{len(failed)} tests failed, more than the {MOST} that a crowded machine may explain"
    return ""


def _read(key: str) -> object:
    path = _CACHE / key
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def main() -> int:
    """Ask them again; pytest's exit code, or 1."""
    ended, last_failed = _read(ENDED), _read("cache/lastfailed")
    failed = sorted(last_failed) if isinstance(last_failed, dict) else []
    if why := refusal(ended if isinstance(ended, int) else None, failed):
        print(f"not asked again: {why}")
        return 1
    print(f"again, by themselves: {len(failed)} tests that failed beside the others")
    code = subprocess.run([sys.executable, "-m", "pytest", "-rs", "--", *failed], check=False).returncode
    if code == pytest.ExitCode.OK:
        for name in failed:
            print(f"FAILED BESIDE OTHERS, passed by itself: {name}")
    return code


if __name__ == "__main__":
    sys.exit(main())
