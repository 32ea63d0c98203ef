"""A disk that gets full while a run is written: said as that, and nothing that was observed is lost."""

import errno
import os
from contextlib import AbstractContextManager
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner, Result

from gonogo.base import whole_files
from gonogo.base.errors import UsageError
from gonogo.cli.program import cli
from gonogo.record.archive import read_results
from gonogo.runs.belonging import read_belonging, was_cut_off
from gonogo.runs.publish import publish
from gonogo.runs.replay import judged_again
from tests.signing.conftest import Team


def room_for(count: int) -> AbstractContextManager[object]:
    """A disk that takes this many files of the final record, and not one more."""
    written: list[Path] = []
    write = whole_files._write  # noqa: SLF001 - what a full disk refuses

    def full(partial: Path, place: Path, content: bytes) -> None:
        if len(written) == count:
            partial.write_bytes(content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(place)
        write(partial, place, content)

    return mock.patch.object(whole_files, "_write", full)


def cut_off(team: Team, count: int) -> Path:
    """The folder of a run whose record was being written when the disk was full."""

    def publishing(*arguments: object) -> object:
        with room_for(count):
            return publish(*arguments)  # type: ignore[arg-type]  # as they came

    with (
        mock.patch("tests.signing.conftest.publish", publishing),
        pytest.raises(UsageError, match=r"cannot be written \(No space left on device\); free some space"),
    ):
        team.run()
    return (team.project / "reports/live/latest").resolve()


def called(team: Team, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    """The command, in the project."""
    monkeypatch.chdir(team.project)
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_evidence_stays_and_no_page_says_go(team: Team, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """The pages can be made again from the results, and the results from the evidence; nothing makes evidence again."""
    folder = cut_off(team, count)
    assert not list(folder.glob(".*.partial"))
    recorded = read_results(folder / "results.json")
    assert recorded.decision.verdict == "INCOMPLETE"
    assert "◌ INCOMPLETE" in (folder / "summary.md").read_text()
    assert was_cut_off(folder, recorded)
    for again in (lambda: read_belonging(folder), lambda: team.verify(folder), lambda: team.sign(folder, "devops")):
        with pytest.raises(UsageError, match=r"results of this run were not written: the disk was full.*gonogo replay"):
            again()
    assert judged_again(folder, team.project).decision.verdict == "GO"
    replayed = called(team, monkeypatch, "replay", str(folder))
    assert replayed.return_value == 3, replayed.output
    assert "its results were never written: this is what its evidence gives now" in replayed.output
    listed = called(team, monkeypatch, "runs")
    assert "cannot be read: " in listed.output
    assert "damaged" not in listed.output


def test_a_disk_that_is_full_at_once_leaves_the_record_of_the_beginning(team: Team) -> None:
    """What could not be written is not there by half; the run is INCOMPLETE."""
    folder = cut_off(team, 0)
    results = read_belonging(folder)
    assert results.decision.verdict == "INCOMPLETE"
    assert not results.run.finished


def test_other_evidence_beside_a_record_is_no_full_disk(team: Team, signed: Path) -> None:
    """Whoever exchanges the evidence of a finished run, or of another one, has not run out of space."""
    folder = cut_off(team, 1)
    foreign = (signed / "evidence.json").read_bytes()
    (folder / "evidence.json").write_bytes(foreign)
    assert not was_cut_off(folder, read_results(folder / "results.json"))
    (folder / "evidence.json").write_bytes(foreign[:-40])
    assert not was_cut_off(folder, read_results(folder / "results.json"))
    (signed / "evidence.json").write_bytes(foreign.replace(b"3f2c1a9", b"3f2c1aa"))
    assert not was_cut_off(signed, read_results(signed / "results.json"))
