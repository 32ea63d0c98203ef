"""What is new since the last run: a signer who knows that one reads nothing else."""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gonogo.base.errors import UsageError
from gonogo.record.archive import earlier, find_run
from gonogo.record.history import changes, history, section_totals
from gonogo.record.results import CheckResult, LineResult, LineStatus, Outcome, Results
from tests.report.accounts import LINES, accounted, line, waived
from tests.report.conftest import AT, check


def at(minute: int, told: Results | None = None, **identity: Any) -> Results:  # noqa: ANN401 - fields
    """A run that began so many minutes later."""
    told = told or accounted([check("tls-a")])
    started = AT + timedelta(minutes=minute)
    run = dataclasses.replace(told.run, started_at=started, id=f"{started:%Y%m%dT%H%M%SZ}-abcdef", **identity)
    return dataclasses.replace(told, run=run)


def kept(reports: Path, *runs: Results) -> Path:
    """Their folder, as they left it."""
    environment = reports / "staging"
    for one in runs:
        folder = environment / one.run.id
        folder.mkdir(parents=True)
        (folder / "results.json").write_bytes(one.content)
    return environment


def told(before: Sequence[CheckResult], after: Sequence[CheckResult]) -> list[tuple[str, str]]:
    """Kinds and subjects."""
    return [(one.kind, one.subject) for one in changes(accounted(before), accounted(after))]


@pytest.mark.parametrize(
    "before", [check("a-b"), check("a-b", Outcome.WARN), waived("a-b"), check("a-b", Outcome.ERROR)]
)
def test_newly_failing(before: CheckResult) -> None:
    """The one thing that the last run did not say."""
    assert told([before], [check("a-b", Outcome.FAIL)]) == [("newly failing", "a-b")]


@pytest.mark.parametrize("before", [Outcome.PASS, Outcome.ERROR, Outcome.NOT_RUN])
def test_newly_warning(before: Outcome) -> None:
    """A warning stops nobody, and twenty of them are no "nothing is different"; one that ended counts as repaired."""
    assert told([check("a-b", before)], [check("a-b", Outcome.WARN)]) == [("newly warning", "a-b")]
    assert told([check("a-b", Outcome.WARN)], [check("a-b", Outcome.WARN)]) == []
    assert told([check("a-b", Outcome.WARN)], [check("a-b")]) == [("fixed", "a-b")]


def test_failure_that_is_accepted_is_news_as_well() -> None:
    """A waiver from last week covers what broke today: nobody would look at it."""
    assert told([check("a-b")], [waived("a-b")]) == [("newly failing", "a-b")]


@pytest.mark.parametrize("gap", [Outcome.ERROR, Outcome.BLOCKED, Outcome.NOT_RUN])
def test_unverified_and_fixed(gap: Outcome) -> None:
    """Nobody knows is not the same as broken, and not the same as before."""
    assert told([check("a-b")], [check("a-b", gap)]) == [("became unverified", "a-b")]
    assert told([check("a-b", gap)], [check("a-b")]) == [("fixed", "a-b")]
    assert told([check("a-b", gap)], [check("a-b", Outcome.ERROR)]) == []


def test_fixed() -> None:
    """Whoever repaired it wants to see that it counts, an exception that nobody needs any more too."""
    for before in (check("a-b", Outcome.FAIL), waived("a-b")):
        assert told([before], [check("a-b")]) == [("fixed", "a-b")]
    assert told([waived("a-b", Outcome.WARN)], [check("a-b", Outcome.WARN)]) == []


def test_added_and_removed() -> None:
    """A check that vanished says nothing any more, least of all that it vanished."""
    before = accounted([check("a-b"), check("a-c")], [line("x.one"), line("x.two", leaf=False, demanded=False)])
    after = accounted([check("a-b"), check("a-d")], [line("x.one")])
    assert [(one.kind, one.subject, one.before, one.after) for one in changes(before, after)] == [
        ("removed", "a-c", "check, pass", ""),
        ("removed", "x.two", "line, verified", ""),
        ("added", "a-d", "", "check, pass"),
    ]


def test_lines() -> None:
    """An attestation that ran out is no check's failure."""

    def with_line(status: LineStatus) -> Results:
        return accounted([check("a-b")], [line("x.one", status)])

    lost = changes(with_line(LineStatus.ATTESTED), with_line(LineStatus.OPEN))
    assert [(one.kind, one.subject, one.before, one.after) for one in lost] == [
        ("became unverified", "x.one", "attested", "open")
    ]
    found = changes(with_line(LineStatus.FAILED), with_line(LineStatus.VERIFIED))
    assert [(one.kind, one.subject) for one in found] == [("fixed", "x.one")]
    assert not changes(with_line(LineStatus.FAILED), with_line(LineStatus.WAIVED))


@pytest.mark.parametrize("name", ["catalogue", "checks", "environment", "policy"])
def test_policy(name: str) -> None:
    """The same outcome by another yardstick is another outcome."""
    before = accounted([check("a-b")])
    after = dataclasses.replace(before, provenance=dataclasses.replace(before.provenance, **{name: "9" * 64}))  # type: ignore[arg-type]  # a digest
    assert [(one.kind, one.subject, one.after) for one in changes(before, after)] == [
        ("policy changed", name, f"{'9' * 12} (keys not known: an older gonogo did not record them)")
    ]


def test_what_must_not_be_missed_comes_first() -> None:
    """Five changes are shown."""
    before = [check("a-a", Outcome.FAIL), check("a-b"), check("a-c"), check("a-d")]
    after = [check("a-a"), check("a-b", Outcome.ERROR), check("a-c", Outcome.FAIL), check("a-e")]
    kinds = [kind for kind, _ in told(before, after)]
    assert kinds == ["removed", "newly failing", "became unverified", "fixed", "added"]


@pytest.mark.parametrize("flag", [{"interrupted": True}, {"narrowed": True}])
def test_what_was_not_asked_is_no_news(flag: dict[str, bool]) -> None:
    """One check by itself would be a hundred and fifty regressions."""
    whole = accounted([check("a-b"), check("a-c")], [line("x.one")])
    part = accounted([check("a-b", Outcome.FAIL), check("a-c", Outcome.NOT_RUN)], [line("x.one", LineStatus.OPEN)])
    part = at(1, part, **flag)
    assert [(one.kind, one.subject) for one in changes(whole, part)] == [("newly failing", "a-b")]
    assert [(one.kind, one.subject) for one in changes(part, whole)] == [("fixed", "a-b")]


def test_interrupted_run_is_counted_and_compared_with_nothing() -> None:
    """After Ctrl-C, the run before it is what today is held against."""
    runs = [at(2, interrupted=True), at(1)]
    found = history(at(3, accounted([check("tls-a", Outcome.FAIL)])), runs)
    assert found.since == runs[1].run.id
    assert [one.kind for one in found.changes] == ["newly failing"]
    assert [one.id for one in found.runs] == [runs[1].run.id, runs[0].run.id]
    assert history(at(3), []).runs == []


def test_sections_count_demanded_leaves() -> None:
    """A trend of lines that nobody asks for is no trend."""
    lines: list[LineResult] = [*LINES, line("d.bare", section=[])]
    assert section_totals(accounted([], lines)) == {"Part": (3, 3), "Other": (0, 2), "": (1, 1)}


def test_earlier_runs_are_of_the_same_question(tmp_path: Path) -> None:
    """A smoke run of a minute ago is no base for the launch gate, and neither is another service's."""
    same = [at(minute) for minute in range(1, 15)]
    others = [
        at(20, gate="smoke"),
        at(21, service="Another"),
        at(22, finished=False),
        at(23, narrowed=True),
        at(99),
    ]
    environment = kept(tmp_path, *same, *others, now := at(30))
    for name, content in (("damaged", b"{"), ("newer", b'{"schema":"gonogo.results/2","gate":"pre-deploy"}')):
        (environment / f"20261123T120001Z-{name}").mkdir()
        (environment / f"20261123T120001Z-{name}" / "results.json").write_bytes(content)
    (environment / "latest").symlink_to(now.run.id)
    assert [one.run.id for one in earlier(now, environment)] == [one.run.id for one in reversed(same[4:])]
    assert earlier(now, environment, narrowed=True)[0].run.narrowed
    assert earlier(now, tmp_path / "nowhere") == []


def test_earlier_runs_may_be_kept_elsewhere(tmp_path: Path) -> None:
    """The folder of a run under any name, of an environment's runs, or of all environments; each run counts once."""
    here, there = kept(tmp_path / "here", at(5), now := at(30)), kept(tmp_path / "there", at(3), at(5), at(7))
    assert [run.run.started_at.minute for run in earlier(now, here, there)] == [7, 5, 3]
    assert [run.run.started_at.minute for run in earlier(now, here, there.parent)] == [7, 5, 3]
    (there / at(7).run.id).rename(tmp_path / "artifact")
    assert [run.run.started_at.minute for run in earlier(now, here, tmp_path / "artifact")] == [7, 5]
    (tmp_path / "empty").mkdir()
    assert [run.run.started_at.minute for run in earlier(now, here, tmp_path / "empty")] == [5]


def test_run_is_found_by_path_and_by_id(tmp_path: Path) -> None:
    """People copy either from the terminal, or as much of it as tells the run apart."""
    one = at(1)
    folder = kept(tmp_path, one) / one.run.id
    assert find_run(str(folder), tmp_path) == find_run(one.run.id, tmp_path) == folder
    assert find_run(str(folder / "results.json"), tmp_path) == folder
    assert find_run(one.run.id[:-1], tmp_path) == find_run("latest", tmp_path) == folder
    with pytest.raises(UsageError, match=f"did you mean {one.run.id}"):
        find_run(f"{one.run.id}x", tmp_path)
