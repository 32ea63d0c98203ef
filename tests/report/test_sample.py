"""The samples that the README and the documents show are what gonogo makes today."""

import itertools
import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

import gonogo
from gonogo.families.registry import read_environment
from gonogo.planning.digests import catalogue_digest
from gonogo.planning.suite import Suite, project_suite
from gonogo.record.archive import read_results
from gonogo.record.results import Outcome, Verdict
from gonogo.report.files import derived
from tests.report.sample import DAY, KEPT, RELEASE, REPORTS, ROOT, SAMPLE, SAMPLES, SHOP, SMALL, WATCH, main
from tests.report.screenshot import digest, pictured

EXAMPLE = ROOT / "docs" / "examples" / "shop"
LARGEST = 3_000_000
"""Bytes of the samples beside the first one: everybody who clones the repository has them."""
_ELSEWHERE = re.compile(rb"(?<![\w.])/(?:tmp|home|root|work|var/folders)/\w")
"""Folders of the machine on which a sample was made."""


@pytest.mark.parametrize("sample", [SAMPLE, WATCH, SHOP], ids=lambda path: path.name)
def test_sample_is_rendered_by_this_gonogo(sample: Path) -> None:
    """Stale: `python -m tests.report.sample NAME --again` renders it again, and `make sample` runs it again.

    ``gonogo report`` refuses it, as samples are kept without their evidence, which names folders of a machine.
    """
    results = read_results(sample / "results.json")
    assert results.run.gonogo == gonogo.__version__, "make sample"
    assert (sample / "results.json").read_bytes() == results.content
    files = derived(results)
    kept = [name for name in (KEPT if sample == SAMPLE else SMALL) if name in files]
    assert {path.name for path in sample.iterdir()} == {"results.json", *kept, *([DAY] if sample == WATCH else [])}
    for name in kept:
        assert (sample / name).read_bytes() == files[name], (
            f"{name}: python -m tests.report.sample {sample.name} --again"
        )


def test_picture_of_the_readme_is_of_the_sample() -> None:
    """Stale: `python -m tests.report.sample sample --again` takes it again."""
    assert pictured() == digest(SAMPLE / "signoff.html")


def test_first_sample_shows_four_faults_and_a_waiver() -> None:
    """What the README says of it."""
    results = read_results(SAMPLE / "results.json")
    assert results.decision.verdict is Verdict.NO_GO
    assert [one.state for one in results.exceptions] == ["in force"]


def test_watch_shows_an_alarm_that_began_and_ended() -> None:
    """Its catalogue is today's; its checks are those of the watch; its day is told."""
    results = read_results(WATCH / "results.json")
    assert results.run.gate == "watch"
    assert {check.id for check in results.checks} >= {"watch-journal", "watch-channels"}
    bundled = read_environment("reference", project=WATCH).environment
    suite = project_suite(WATCH, bundled=True, environment="reference", declared=[bundled])
    assert results.provenance.catalogue == catalogue_digest(suite), "make sample"
    day = (WATCH / DAY).read_text()
    assert results.decision.verdict is Verdict.NO_GO
    assert {check.id for check in results.checks if check.outcome is Outcome.FAIL} == {"watch-api-errors"}
    assert re.search(r"api-errors-1 \(critical, firing\) .* over after", day)
    assert "acknowledged by nobody" in day


def test_shop_is_go_by_todays_catalogue_and_list() -> None:
    """A test cannot start its servers in a moment: what can be compared without them is."""
    results = read_results(SHOP / "results.json")
    assert results.decision.verdict is Verdict.GO
    assert results.run.release == RELEASE
    assert results.checklist == (EXAMPLE / "environments" / "checklist.md").read_text()
    assert {"buying-price", "postgresql-reachable", "rabbitmq-default-user"} <= {check.id for check in results.checks}
    assert {check.outcome for check in results.checks} <= {Outcome.PASS, Outcome.WARN}
    packages = [
        next((ROOT / "packages" / f"gonogo-{name}").rglob("catalogue.toml")).parent
        for name in ("postgresql", "rabbitmq", "s3")
    ]
    orders = ([ROOT / "checks", *order, EXAMPLE / "smoke"] for order in itertools.permutations(packages))
    digests = {catalogue_digest(cast("Suite", SimpleNamespace(folders=folders, differences=()))) for folders in orders}
    assert results.provenance.catalogue in digests, "make sample"


def test_samples_are_small_and_say_nothing_of_the_machine() -> None:
    """They are committed, and read by everybody."""
    files = [path for sample in (WATCH, SHOP) for path in sample.iterdir()]
    assert sum(path.stat().st_size for path in files) < LARGEST
    assert not [path for path in files if _ELSEWHERE.search(path.read_bytes())]


def test_samples_are_linked() -> None:
    """Nobody finds what nobody points to."""
    readme = (ROOT / "README.md").read_text()
    for sample in SAMPLES:
        assert f"reports/{sample}/" in readme, sample
    assert "reports/sample-watch/" in (ROOT / "docs" / "watch.md").read_text()
    assert "reports/sample-shop/" in (ROOT / "docs" / "starting.md").read_text()
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {f"!reports/{sample}/" for sample in SAMPLES} <= set(ignored)
    assert REPORTS.name == "reports"


def test_mistyped_sample_is_refused() -> None:
    """And nothing runs for minutes first."""
    with pytest.raises(SystemExit, match="no sample sample-shp; there are sample, sample-watch, sample-shop"):
        main(["sample-shp"])
