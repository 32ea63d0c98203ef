"""What a watch refuses before it begins, each with file, key and cure."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.watching.opening import WatchRequest, opened

SERVICE = """
[service]
name = "Shop"
base_url = "https://shop.example.com"

[hosts."shop.example.com"]
addresses = ["127.0.0.1"]

[http]
health = "/health"
closed_paths = ["/.env"]
"""
THRESHOLD = """
[watch.thresholds.errors]
signal = { ratio = ["errors_total", "requests_total"] }
above = 0.05
window = "5 min"
severity = "critical"
"""


def refused(project: Path, sections: str, *, length: timedelta | None = None, launch: datetime | None = None) -> str:
    """The message of the usage error."""
    (project / "environments").mkdir()
    (project / "environments" / "shop.toml").write_text(SERVICE + sections)
    request = WatchRequest(environment="shop", project=project, length=length, launch=launch)
    with pytest.raises(UsageError) as error, opened(request, {}):
        pass
    return str(error.value)


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ("", "environments/shop.toml: watch: declares nothing to watch"),
        (THRESHOLD, "http.metrics: is missing, and [watch] has signals of the service's own series"),
        (
            '[watch.thresholds.up]\nsignal = { checks = ["health-shalow"] }\nabove = 0\nseverity = "critical"\n',
            "environments/shop.toml: watch.thresholds.up.signal.checks: no check 'health-shalow'; did you mean health-shallow?",
        ),
        (
            THRESHOLD.replace("requests_total", "requests total"),
            "environments/shop.toml: watch.thresholds.errors.signal.ratio.1",
        ),
    ],
)
def test_refused(tmp_path: Path, sections: str, told: str) -> None:
    """A watch that looks at nothing would say that all is well."""
    assert told in refused(tmp_path, sections)


def test_a_launch_whose_watch_is_over_is_refused(tmp_path: Path) -> None:
    """Somebody typed last year's date."""
    message = refused(tmp_path, THRESHOLD, launch=datetime(2025, 12, 1, 9, tzinfo=UTC))
    assert message.startswith("--launch: 2025-12-01T09:00:00+00:00 is past, and its watch of 1 d ended ")
    assert "give the time of the launch to watch" in message
