"""The sample that the README shows is what gonogo makes today."""

from pathlib import Path

from gonogo.record.archive import read_results
from gonogo.record.results import Verdict
from gonogo.report.files import derived

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


def test_sample_is_rendered_by_this_gonogo() -> None:
    """Stale: `gonogo report reports/sample` makes it again."""
    results = read_results(SAMPLE / "results.json")
    assert results.decision.verdict is Verdict.NO_GO
    assert [one.state for one in results.exceptions] == ["in force"]
    for name, content in derived(results).items():
        assert (SAMPLE / name).read_bytes() == content, f"{name}: gonogo report reports/sample"
