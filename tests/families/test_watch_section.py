"""A mistake in [watch] that nobody tells is an alarm that never comes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.cli import main
from gonogo.families.watch.section import Launch

SERVICE = '[service]\nname = "S"\nbase_url = "https://a.test"\n'
THRESHOLD = """
[watch.thresholds.api-errors]
signal = { ratio = ["x_total{status=~'5..'}", "x_total"] }
above = 0.05
window = "5 min"
severity = "critical"
"""
GAUGE = """
[watch.thresholds.disk]
signal = { gauge = "disk_full" }
above = 0.9
severity = "warning"
"""
AT = "watch.thresholds.api-errors"


def environment(folder: Path, content: str) -> Path:
    """A project with one environment, called ``mine``."""
    path = folder / "environments" / "mine.toml"
    path.parent.mkdir()
    path.write_text(SERVICE + content)
    return path


WRONG = [
    ("no limit", THRESHOLD.replace("above = 0.05\n", ""), AT, "exactly one of above and below is expected: the limit"),
    ("two limits", THRESHOLD.replace("above", "below = 1\nabove"), AT, "exactly one of above and below"),
    ("a limit in per cent", THRESHOLD.replace("0.05", "5"), AT, "no share is above 1; 5 per cent are written 0.05"),
    ("a limit that is none", THRESHOLD.replace("0.05", "nan"), f"{AT}.above", "finite"),
    (
        "below nothing",
        THRESHOLD.replace("above = 0.05", "below = 0"),
        AT,
        "nothing that is counted is below 0, so that it would never alarm",
    ),
    (
        "never clear",
        THRESHOLD.replace("above = 0.05", "above = 0.05\nclear = 0.06"),
        AT,
        "clear: lies beyond the limit",
    ),
    ("unknown key", THRESHOLD + "limit = 5\n", f"{AT}.limit", "unknown"),
    ("no severity", THRESHOLD.replace('severity = "critical"\n', ""), f"{AT}.severity", ""),
    ("no window", THRESHOLD.replace('window = "5 min"\n', ""), AT, "window: is missing; events are counted within it"),
    ("a window of a gauge", GAUGE + 'window = "5 min"\n', "watch.thresholds.disk", "a signal of gauge has none"),
    (
        "a window shorter than two scrapes",
        THRESHOLD.replace("5 min", "20 s"),
        "watch",
        "api-errors: its window holds fewer than two scrapes; make it at least twice watch.every",
    ),
    ("at_least of a gauge", GAUGE + "at_least = 5\n", "watch.thresholds.disk", "at_least: changes nothing"),
    ("no signal", GAUGE.replace('gauge = "disk_full"', ""), "watch.thresholds.disk.signal", "there is none"),
    (
        "two signals",
        THRESHOLD.replace("{ ratio", '{ gauge = "y", ratio'),
        f"{AT}.signal",
        "exactly one of ratio, increase, rate, gauge, quantile, checks, promql is expected; there is ratio and gauge",
    ),
    (
        "no selector",
        THRESHOLD.replace('"x_total"]', '"rate(x_total[5m])"]'),
        f"{AT}.signal.ratio",
        "functions and arithmetic are for promql",
    ),
    (
        "no histogram",
        GAUGE.replace('gauge = "disk_full"', 'quantile = 0.9, of = "seconds"') + 'window = "5 min"\n',
        "watch.thresholds.disk.signal",
        "of: names the buckets of a histogram, as in 'seconds_bucket'",
    ),
    (
        "one bucket of a histogram",
        GAUGE.replace('gauge = "disk_full"', "quantile = 0.9, of = \"s_bucket{le='1'}\"") + 'window = "5 min"\n',
        "watch.thresholds.disk.signal",
        "leave the condition on le out",
    ),
    ("promql without Prometheus", GAUGE.replace("gauge", "promql"), "watch", "disk: promql needs watch.prometheus"),
    (
        "a name twice",
        THRESHOLD
        + THRESHOLD.replace("thresholds", "metrics")
        .replace("above = 0.05\n", "")
        .replace('severity = "critical"\n', ""),
        "watch",
        "thresholds and metrics both have api-errors",
    ),
    ("a launch without offset", "[launch]\nat = 2026-12-01T09:00:00\n", "launch.at", "needs its offset from UTC"),
    ("no time zone", '[launch]\nzone = "Sao Paulo"\n', "launch.zone", "as in 'America/Sao_Paulo'"),
]


@pytest.mark.parametrize("row", WRONG, ids=[row[0] for row in WRONG])
def test_a_mistake_ends_with_file_key_and_cure(
    row: tuple[str, str, str, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit code 2, before anything is watched."""
    _, content, key, cure = row
    path = environment(tmp_path, content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["rules", "--env", "mine"])
    message = capsys.readouterr().err
    assert ended.value.code == 2
    assert str(path.relative_to(tmp_path)) in message
    assert key in message
    assert cure in message
    assert "Traceback" not in message


def test_nothing_to_watch_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules without a rule are silent for ever."""
    environment(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["rules", "--env", "mine"])
    assert ended.value.code == 2
    assert "watch.thresholds: is missing" in capsys.readouterr().err


def test_a_launch_that_is_over_is_told_and_one_under_way_is_not() -> None:
    """A watch that is started again an hour after T-0 goes on; one of last year's launch would watch nothing."""
    at = datetime(2026, 12, 1, 12, tzinfo=UTC)
    launch = Launch(at=at, watch=timedelta(hours=24))
    assert Launch().over(at) == ""
    assert launch.over(at - timedelta(days=9)) == launch.over(at + timedelta(hours=24)) == ""
    assert "launch.at: 2026-12-01T12:00:00+00:00 is in the past" in launch.over(at + timedelta(hours=24, seconds=1))
