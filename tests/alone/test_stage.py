"""The load stage as its user meets it: measured, judged, written down, replayed."""

from pathlib import Path

from gonogo.load.run import HISTOGRAMS
from gonogo.record.archive import read_results
from gonogo.record.results import Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.publish import open_folder
from gonogo.runs.reference_instance import ReferenceInstance
from gonogo.runs.replay import differences, judged_again
from gonogo.runs.session import verify
from tests.smoke.endurance import contents


def test_load_is_judged_replayed_and_leaves_nothing(instance: ReferenceInstance, tmp_path: Path) -> None:
    """From the record alone the same verdict; no secret in it; the databases as they were."""
    before = contents(instance)
    overlay = {"load": {"warm_up": "2 s", "duration": {"smoke": "4 s"}}}
    request = Request(environment="reference", project=Path.cwd(), gate="load", profile="smoke", overlay=overlay)
    run = prepare(request, {}, instance=instance)
    try:
        published = verify(run, open_folder(run, tmp_path))
    finally:
        run.close()
    found = {check.id: check for check in published.results.checks if check.family == "load"}
    assert set(found) == {"load-ran", "load-memory"}, "the smoke profile plans what few requests can show"
    assert {check.outcome for check in found.values()} == {Outcome.PASS}
    assert contents(instance) == before
    folder = published.signoff.parent.resolve()
    assert not differences(read_results(folder / "results.json"), judged_again(folder, Path.cwd()))
    assert (folder / HISTOGRAMS).read_text().startswith("#[Histogram log format version 1.3]")
    assert "Latency by percentile" in published.signoff.read_text()
    written = "".join(path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file())
    assert "eyJ" not in written, "a token of a synthetic user is in the record"
