"""The checklist, attestations and waivers, as a team uses them from the command line."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Gonogo, called

LIST = "# Launch\n- [ ] TLS works <!-- a.tls checks=tls-handshake -->\n- [ ] Invites <!-- a.invites attest=devops -->\n"


PEOPLE = """
[[person]]
name = "Davi"
email = "davi@example.com"
roles = ["devops"]
[[person]]
name = "Ana"
email = "ana@example.com"
roles = ["lead"]
"""


@pytest.fixture
def listed(project: Path) -> Path:
    """A team of two with a list of two lines."""
    (project / "environments/checklist.md").write_text(LIST)
    (project / "environments/people.toml").write_text(PEOPLE)
    (project / "minutes.txt").write_text("we looked")
    return project


def attest(project: Path, *more: str, line: str = "a.invites", role: str = "devops") -> Any:  # noqa: ANN401 - a process
    """``gonogo attest`` with what it needs."""
    options = {"--env": "dead", "--by": "Davi", "--role": role, "--evidence": "minutes.txt", "--note": "seen"}
    return called(project, "attest", line, *(part for pair in options.items() for part in pair), *more)


def waive(project: Path, check: str = "tls-handshake", **changes: str) -> Any:  # noqa: ANN401 - a process
    """``gonogo waive`` with what it needs."""
    options = {
        "env": "dead",
        "reason": "r",
        "risk": "k",
        "owner": "Davi",
        "approved-by": "Ana",
        "until": "14d",
        **changes,
    }
    return called(project, "waive", check, *(part for name, value in options.items() for part in (f"--{name}", value)))


def results(project: Path) -> dict[str, Any]:
    """Of the newest run."""
    found: dict[str, Any] = json.loads((project / "reports/dead/latest/results.json").read_bytes())
    return found


def test_a_run_accounts_for_every_line(gonogo: Gonogo, listed: Path) -> None:
    """Before and after somebody attested what no program can see."""
    gonogo("run", "--env", "dead")
    before = {line["id"]: line["status"] for line in results(listed)["lines"]}
    assert before == {"a.tls": "failed", "a.invites": "open"}
    done = attest(listed)
    assert done.returncode == 0, done.stderr
    assert "commit it" in done.stdout
    gonogo("run", "--env", "dead")
    after = {line["id"]: line["status"] for line in results(listed)["lines"]}
    assert after == {"a.tls": "failed", "a.invites": "attested"}
    assert gonogo("replay", "reports/dead/latest").returncode == 1


def test_a_waived_check_still_runs(gonogo: Gonogo, listed: Path) -> None:
    """It is an exception, told in the first lines, and never a pass."""
    assert waive(listed).returncode == 0
    gonogo("run", "--env", "dead")
    found = results(listed)
    check = next(check for check in found["checks"] if check["id"] == "tls-handshake")
    assert check["outcome"] == "waived"
    assert [seen["outcome"] for seen in check["observations"]] == ["fail"]
    assert found["exceptions"][0]["state"] == "in force"
    assert {line["id"]: line["status"] for line in found["lines"]}["a.tls"] == "waived"


def test_coverage_and_what_is_missing(listed: Path) -> None:
    """Who verifies what, before anything runs."""
    done = called(listed, "checklist", "--env", "dead")
    assert done.stdout.splitlines()[1].split() == ["Launch", "2", "1", "0", "1"]
    missing = called(listed, "checklist", "--env", "dead", "--missing").stdout
    assert missing.split() == ["a.invites", "devops", "Invites", "(Launch)"]
    attest(listed)
    covered = called(listed, "checklist", "--env", "dead", "--missing").stdout
    assert covered.startswith("nothing: every line has a check that verifies it, or is attested.")
    assert "not about a run: gonogo show names the lines that failed" in " ".join(covered.split())


def test_statements_that_a_run_counts_are_told(listed: Path) -> None:
    """A run counts the statements of the sign-off too: two totals of one list look like an error of one of them."""
    assert "Not counted" not in called(listed, "checklist", "--env", "dead").stdout
    place = listed / "environments/checklist.md"
    place.write_text(f"{place.read_text()}- [ ] All is ready <!-- s.ready -->\n")
    gate = '[default]\ndead = "ready"\n[gates.ready]\ntitle = "Ready?"\nsections = ["*"]\n'
    role = '[roles.lead]\ntitle = "Lead"\nstatements = { "s.ready" = ["a"] }\n[roles.devops]\ntitle = "DevOps"\n'
    (listed / "environments/gates.toml").write_text(gate + role)
    told = called(listed, "checklist", "--env", "dead")
    assert "Not counted: 1 statement that roles sign; a run counts it too" in told.stdout, told.stderr


def test_what_no_run_of_the_environment_asks_is_missing(listed: Path) -> None:
    """A line is not verified by a check whose part ``service.without`` names: its run leaves the line open."""
    path = listed / "environments/checklist.md"
    path.write_text(f"{LIST}- [ ] Up <!-- a.up checks=health-shallow -->\n- [ ] TLS <!-- a.all checks=tls-chain -->\n")
    assert '"http"' in (listed / "environments/dead.toml").read_text().partition("without")[2]
    rows = called(listed, "checklist", "--env", "dead", "--missing").stdout.splitlines()
    assert [row.split()[0] for row in rows] == ["a.invites", "a.up"]


GATES = """[gates.pre-deploy]
title = "May it be deployed?"
sections = ["*"]
[gates.sign-off]
title = "May we launch?"
sections = ["*"]
environments = ["dead"]
[[gates.sign-off.carries]]
into = ["dead"]
environment = "staging"
gate = "pre-deploy"
lines = ["a.invites", "a.tls"]
max_age = "7 d"
"""


def test_line_of_another_run_is_no_work_here(listed: Path) -> None:
    """What only a carried run answers is attested here in vain; what some gate asks here as well is still to do."""
    gates = listed / "environments/gates.toml"
    gates.write_text(GATES)
    staging = (listed / "environments/dead.toml").read_text()
    (listed / "environments/staging.toml").write_text(staging)
    both = called(listed, "checklist", "--env", "dead", "--missing").stdout
    assert both.split()[:2] == ["a.invites", "devops"], "pre-deploy asks it of this environment"
    assert "staging" not in both
    gates.write_text(GATES.replace('"May it be deployed?"\n', '"May it be deployed?"\nenvironments = ["staging"]\n'))
    missing = called(listed, "checklist", "--env", "dead", "--missing").stdout
    assert "a.invites" not in missing
    assert (
        "2 lines are answered by a run of staging at gate pre-deploy, which is carried: gonogo run --carry" in missing
    )
    head, row, *_ = called(listed, "checklist", "--env", "dead").stdout.splitlines()
    assert head.split() == ["lines", "automatic", "attested", "nothing", "carried"]
    assert row.split() == ["Launch", "2", "0", "0", "0", "2"]
    assert called(listed, "checklist", "--missing").stdout.startswith("a.invites "), "of all environments together"


def test_import_takes_over_a_list(listed: Path) -> None:
    """Ids that are there stay; ids that would vanish are told, and nothing is written."""
    theirs = listed / "TODO.md"
    theirs.write_text("# Launch\n- [ ] TLS works\n")
    refused = called(listed, "checklist", "import", "TODO.md")
    assert refused.returncode == 2
    assert "checklist.md:2: a.tls would vanish" in refused.stderr
    assert (listed / "environments/checklist.md").read_text() == LIST
    theirs.write_text(LIST + "- [x] More\n")
    assert called(listed, "checklist", "import", "TODO.md").returncode == 0
    assert (listed / "environments/checklist.md").read_text() == LIST + "- [x] More <!-- launch.more -->\n"


@pytest.mark.parametrize(
    ("more", "line", "role", "said"),
    [
        ((), "a.gone", "devops", "the checklist has no line a.gone"),
        ((), "a.invites", "lead", "lead may not attest a.invites; devops may"),
        (("--valid", "1m"), "a.invites", "devops", "--valid: '1m'"),
        (("--url", "http://a.test"), "a.invites", "devops", "an https:// address is expected"),
        (("--valid", "2020-01-01"), "a.invites", "devops", "it ends before it begins"),
    ],
)
def test_attestations_that_are_refused(listed: Path, more: tuple[str, ...], line: str, role: str, said: str) -> None:
    """At once, not in the run on launch day; nothing is written."""
    done = attest(listed, *more, line=line, role=role)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (listed / "environments/attestations").exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"approved-by": "Davi"}, "nobody may grant themselves"),
        ({"until": "31d"}, "longer than 30 days"),
        ({"until": "2026-02-31"}, "--until: '2026-02-31'"),
        ({"env": "ded"}, "no environment 'ded'"),
    ],
)
def test_waivers_that_are_refused(listed: Path, changes: dict[str, str], said: str) -> None:
    """As with attestations."""
    done = waive(listed, **changes)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (listed / "environments/waivers").exists()
    assert "no check 'tls-handshak'; did you mean tls-handshake?" in waive(listed, "tls-handshak").stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("checklist.md", "# no boxes\n", "checklist.md: no line has a box"),
        ("checklist.md", LIST + LIST, "checklist.md:5: id a.tls is that of line 2 already"),
        (
            "checklist.md",
            LIST.replace("tls-handshake", "tls-x"),
            "checklist.md:2: checks=tls-x: there is no such check",
        ),
        (
            "gates.toml",
            "[gates.x]\ntitle = 'T'\nsections = ['*']\nenvironments = ['reference']\n[default]\ndead = 'x'\n",
            "is not for dead",
        ),
        ("gates.toml", "[gates.x]\ntitle = 'T'\nsections = ['*']\n", "no gate 'pre-deploy'; there are x, smoke, load"),
        ("gates.toml", "nonsense", "gates.toml: not TOML"),
        ("attestations/dead/a.toml", "line = 1\n", "a.toml: line: found 1; Input should be a valid string"),
        ("waivers/dead.toml", "[[waiver]]\ncheck = 'tls-handshake'\n", "dead.toml: waiver.0.reason: missing"),
    ],
)
def test_bad_papers_stop_a_run_before_it_begins(listed: Path, name: str, content: str, said: str) -> None:
    """The file, the line, the cure; exit code 2; no report that somebody could take for one."""
    path = listed / "environments" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    done = called(listed, "run", "--env", "dead")
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (listed / "reports").exists()


def test_a_catalogue_that_covers_unknown_lines(listed: Path) -> None:
    """A typo there would leave its line open for ever, or worse, seem to cover it."""
    checks = listed / "checks"
    checks.mkdir()
    (checks / "test_own.py").write_text(
        'import pytest\n\n@pytest.mark.check("own-one")\ndef test_one(tls) -> None:\n'
        '    """Why.\n\n    Fix: it.\n    """\n    assert tls\n'
    )
    (checks / "catalogue.toml").write_text('[own-one]\ntitle = "T"\nproves = ["a.tsl"]\nseverity = "blocker"\n')
    done = called(listed, "run", "--env", "dead")
    assert done.returncode == 2
    assert "catalogue.toml: own-one.proves: no line 'a.tsl' in environments/checklist.md" in done.stderr


def _piped(path: Path) -> None:
    os.mkfifo(path)


def _linked(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (Path.touch, "is empty, so it proves nothing"),
        (Path.mkdir, "is a directory"),
        (_piped, "is a named pipe"),
        (_linked, "is a link"),
        (_endless, "is a link"),
        (lambda _: None, "cannot be read"),
    ],
)
def test_evidence_that_is_none(listed: Path, spoil: Callable[[Path], object], said: str) -> None:
    """At once: neither waiting for a writer, nor reading what never ends."""
    (listed / "minutes.txt").unlink()
    spoil(listed / "minutes.txt")
    done = attest(listed)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (listed / "environments/attestations").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--by", "Nobody Known"), "by: 'Nobody Known' is not in environments/people.toml; there are Davi, Ana"),
        (("--by", "davi"), "did you mean Davi?"),
        (("--by", "Ana"), "Ana does not have the role devops"),
        (("--role", "devop"), "no role 'devop' in gates.toml; did you mean devops?"),
        (("--valid", "91d"), "a.invites allows 90 d"),
        (("--valid", "2099-01-01"), "a.invites allows 90 d"),
        (("--hash-only",), "a.invites demands the file itself"),
    ],
)
def test_words_that_nobody_may_give(listed: Path, more: tuple[str, ...], said: str) -> None:
    """By the same rules as a file that was written by hand."""
    done = attest(listed, *more)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (listed / "environments/attestations").exists()


def test_a_waiver_names_its_day_and_what_it_excepts(listed: Path) -> None:
    """As whoever reviews the file will read it."""
    day = datetime.now(UTC).date() + timedelta(days=9)
    assert waive(listed, until=f"{day}", excepts="FAIL,ERROR").returncode == 0
    text = (listed / "environments/waivers/dead.toml").read_text()
    assert f"until = {day}\n" in text
    assert 'excepts = ["FAIL", "ERROR"]\n' in text
    assert "Input should be 'FAIL', 'WARN' or 'ERROR'" in waive(listed, excepts="BLOCKED").stderr
    assert "is not in environments/people.toml" in waive(listed, owner="Nobody").stderr
