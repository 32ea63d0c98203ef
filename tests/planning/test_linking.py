"""A line of the list is proved by a check that a person chose; words alone only propose one."""

from pathlib import Path

import pytest

from gonogo.planning.proposing import BEYOND_DOUBT, WORTH_TELLING, Proposal, proposals
from gonogo.planning.suite import project_suite
from gonogo.policy.checklist import parse_checklist
from gonogo.policy.importing import imported
from tests.cli.conftest import called

LIST = (
    "# Launch\r\n"
    "- [ ] Backups are restored <!-- data.backups -->\r\n"
    "- [x] Nothing private is served <!-- data.private env=staging -->\r\n"
    "- [ ] Both <!-- data.both -->\r\n"
    "  - [ ] One of them <!-- data.one checks=tls-chain valid=24h -->\r\n"
    "- [ ] Fit to launch <!-- signoff.lead -->\r\n"
)
GATES = '[roles.lead]\ntitle = "Lead"\n[roles.lead.statements]\n"signoff.lead" = ["data"]\n'


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A project with a list and a role."""
    environments = tmp_path / "environments"
    environments.mkdir()
    (environments / "checklist.md").write_bytes(LIST.encode())
    (environments / "gates.toml").write_text(GATES)
    return tmp_path


def proposed(*rows: str) -> list[list[Proposal]]:
    """For lines under one heading, by the checks that every project has."""
    text = imported("# Launch\n" + "".join(f"- [ ] {row}\n" for row in rows), "list.md").text
    return [list(likely) for likely in proposals(parse_checklist(text, "list.md").lines, project_suite(Path("/")))]


@pytest.mark.parametrize(
    ("line", "checks", "before", "after"),
    [
        ("data.backups", ["atlas-restore"], "data.backups -->", "data.backups checks=atlas-restore -->"),
        (
            "data.private",
            ["http-closed-paths", "health-private"],
            "data.private env=staging -->",
            "data.private checks=http-closed-paths,health-private env=staging -->",
        ),
        ("data.one", ["tls-expiry"], "checks=tls-chain valid", "checks=tls-chain,tls-expiry valid"),
    ],
)
def test_only_the_comment_changes(team: Path, line: str, checks: list[str], before: str, after: str) -> None:
    """Line ends, ticks and other options stay."""
    done = called(team, "checklist", "link", line, *checks)
    assert done.returncode == 0, done.stderr
    assert (team / "environments/checklist.md").read_bytes().decode() == LIST.replace(before, after)


@pytest.mark.parametrize(
    ("line", "check", "why"),
    [
        ("data.backup", "tls-chain", "environments/checklist.md: no line 'data.backup'; did you mean data.backups?"),
        ("data.backups", "tls-chian", "checks=tls-chian: there is no such check; did you mean tls-chain?"),
        ("data.one", "tls-chain", "environments/checklist.md:5: data.one: checks=tls-chain is there already"),
        ("data.both", "tls-chain", "environments/checklist.md:4: data.both has lines below it"),
        ("signoff.lead", "tls-chain", "environments/checklist.md:6: signoff.lead is a statement that its role signs"),
        ("data.backups", "request-*", "stands for one check per entry"),
    ],
)
def test_what_would_stop_the_next_run_is_refused(team: Path, line: str, check: str, why: str) -> None:
    """And nothing is written."""
    refused = called(team, "checklist", "link", line, check)
    assert refused.returncode == 2
    assert why in refused.stderr
    assert (team / "environments/checklist.md").read_bytes().decode() == LIST


def test_no_list_yet(tmp_path: Path) -> None:
    """The bundled list is nobody's to change."""
    refused = called(tmp_path, "checklist", "link", "tls.validity", "tls-chain")
    assert refused.returncode == 2
    assert "environments/checklist.md: does not exist; gonogo checklist import" in refused.stderr


@pytest.mark.parametrize(
    ("row", "check"),
    [
        ("Automatic security updates enabled", "server-updates"),
        ("Log files being written", "server-logs-written"),
        ("DNS propagation verified", "dns-propagated"),
        ("No memory leaks detected", "load-leak"),
    ],
)
def test_lines_as_teams_write_them_find_a_check(row: str, check: str) -> None:
    """Among the first three."""
    likely = [one for found in proposed(row) for one in found]
    assert check in {one.check for one in likely}, likely
    assert all(WORTH_TELLING <= one.score <= 1 for one in likely)


def test_what_nothing_is_alike_gets_no_proposal() -> None:
    """A proposal for everything would be one for nothing."""
    assert not proposed("Champagne is cold", "Press release approved by legal")


def test_the_opposite_is_never_beyond_doubt() -> None:
    """Nearly the same words may promise the contrary."""
    (same, opposite) = (proposed("Nothing private is served"), proposed("Private is served"))
    assert same[0][0].check == "http-closed-paths"
    assert same[0][0].score >= BEYOND_DOUBT
    assert all(one.score < BEYOND_DOUBT for found in opposite for one in found)


def test_nobody_is_asked_and_only_the_same_words_are_linked(tmp_path: Path) -> None:
    """``--yes`` is no yes to what is only alike."""
    rows = "- [ ] Nothing private is served\n- [ ] DNS propagation verified\n"
    (tmp_path / "list.md").write_text(f"# Launch\n{rows}")
    plain = called(tmp_path, "checklist", "import", "list.md")
    assert "gonogo checklist link launch.nothing-private-is-served http-closed-paths" in plain.stdout
    assert "checks=" not in (tmp_path / "environments/checklist.md").read_text()
    done = called(tmp_path, "checklist", "import", "--yes", "environments/checklist.md")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "environments/checklist.md").read_text()
    assert "<!-- launch.nothing-private-is-served checks=http-closed-paths -->" in text
    assert text.count("checks=") == 1
    assert "gonogo checklist link launch.dns-propagation-verified dns-propagated" in done.stdout
