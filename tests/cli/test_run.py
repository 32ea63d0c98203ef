"""What a person, or a deploy job, sees of a run: the output, the exit code, the files."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Gonogo

DERIVED = (
    "signoff.html",
    "signoff-whole.html",
    "junit.xml",
    "junit-gitlab.xml",
    "ctrf.json",
    "summary.md",
    "statement.intoto.json",
)


def test_dead_service_is_no_go_with_one_root_cause(program: Gonogo, project: Path) -> None:
    """The verdict comes first and last, the cause once, the exit code keeps the deploy job from going on."""
    done = program("run", "--env", "dead")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith(" ✖ NO-GO")
    assert "gonogo 0.2 · Nobody · dead · https://dead.test · no release given" in lines
    assert re.match(r" ✖ NO-GO   \d causes block GO\. In all: 1 must-pass check failed, ", lines[-1])
    assert done.stdout.count("✖ tls-handshake") == 1
    assert "dead.test at 127.0.0.1:1: closed port" in done.stdout
    assert "→ gonogo run --env dead --gate pre-deploy --only tls-handshake" in done.stdout
    assert "Nobody: 3 questions" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    files = {path.name for path in (project / "reports" / "dead" / "latest").iterdir()}
    assert files == {
        "evidence.json",
        "results.json",
        "junit.xml",
        "junit-gitlab.xml",
        "ctrf.json",
        "summary.md",
        "statement.intoto.json",
        "signoff.html",
        "signoff-whole.html",
        "pytest.html",
    }


def test_annotations_of_a_run_name_the_line_of_the_environment_file(gonogo: Gonogo, project: Path) -> None:
    """From a real plan: the section that declares the host which does not answer; and CTRF says the same."""
    done = gonogo("run", "--env", "dead", "--format", "github", GITHUB_WORKSPACE=str(project))
    (first, *_) = [row for row in done.stdout.splitlines() if row.startswith("::error ")]
    number = (project / "environments" / "dead.toml").read_text().splitlines().index('[hosts."dead.test"]') + 1
    assert first.startswith(
        f"::error file=environments/dead.toml,line={number},title=tls-handshake::Requirement not met: “"
    )
    assert "%0AFAIL: " in first
    tests = json.loads((project / "reports" / "dead" / "latest" / "ctrf.json").read_text())["results"]["tests"]
    assert {(test["filePath"], test["line"]) for test in tests if test["testId"] == "tls-handshake"} == {
        ("environments/dead.toml", number)
    }


def test_a_projects_only_environment_needs_no_naming(gonogo: Gonogo, project: Path) -> None:
    """Of two, nobody is guessed: the wrong one might be asked, or deployed to."""
    done = gonogo("run")
    assert "gonogo 0.2 · Nobody · dead · https://dead.test" in done.stdout
    (project / "environments" / "live.toml").write_text((project / "environments" / "dead.toml").read_text())
    refused = gonogo("run")
    assert refused.returncode == 2
    assert "--env is missing" in refused.stderr
    assert "this project has dead, live" in refused.stderr
    for path in (project / "environments").iterdir():
        path.unlink()
    nothing = gonogo("run")
    assert nothing.returncode == 2
    assert "there is none in environments/; see gonogo init" in nothing.stderr


def test_results_add_up(gonogo: Gonogo, project: Path) -> None:
    """results.json is what every other output is made from."""
    gonogo("run", "--env", "dead")
    results = json.loads((project / "reports/dead/latest/results.json").read_bytes())
    counts = results["counts"]
    assert results["schema"] == "gonogo.results/1"
    assert counts["planned"] == len(results["checks"]) == sum(counts.values()) - counts["planned"]
    assert results["decision"]["verdict"] == "NO-GO"
    assert [cause["check"] for cause in results["causes"]] == ["tls-handshake"]


def test_replay_gives_the_same_without_the_environment(gonogo: Gonogo, project: Path) -> None:
    """Evidence outlives the machines it was taken from."""
    first = gonogo("run", "--env", "dead")
    (project / "environments" / "dead.toml").unlink()
    again = gonogo("replay", "reports/dead/latest")
    assert again.returncode == first.returncode == 1
    assert [line for line in again.stdout.splitlines() if "report" not in line] == [
        line for line in first.stdout.splitlines() if "report" not in line
    ]


def test_replay_notices_edited_results(gonogo: Gonogo, project: Path) -> None:
    """A NO-GO that was turned into a GO by hand is an integrity failure, not a verdict."""
    gonogo("run", "--env", "dead")
    path = project / "reports/dead/latest/results.json"
    path.write_text(path.read_text().replace('"outcome":"fail"', '"outcome":"pass"').replace("NO-GO", "GO"))
    again = gonogo("replay", "reports/dead/latest")
    assert again.returncode == 4
    assert "the file was damaged or edited" in again.stderr


def test_report_renders_the_same_bytes(gonogo: Gonogo, project: Path) -> None:
    """Whoever doubts a page can make it again."""
    gonogo("run", "--env", "dead")
    latest = project / "reports/dead/latest"
    before = {name: (latest / name).read_bytes() for name in DERIVED}
    for name in before:
        (latest / name).unlink()
    assert gonogo("report", "reports/dead/latest").returncode == 0
    assert {name: (latest / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{", "not readable as JSON"),
        ("[]", "schema is None"),
        ('{"schema": "gonogo.results/2"}', "schema is 'gonogo.results/2'; this gonogo reads 'gonogo.results/1'"),
        ('{"schema": "gonogo.results/1"}', "run: Field required; the file was damaged or edited"),
    ],
)
def test_damaged_results_are_named(gonogo: Gonogo, project: Path, content: str, expected: str) -> None:
    """A truncated artefact must not look like a run."""
    folder = project / "some-run"
    folder.mkdir()
    (folder / "results.json").write_text(content)
    done = gonogo("report", "some-run")
    assert done.returncode == (2 if expected.startswith("schema is") else 4)
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_only_with_a_typo_suggests_and_runs_nothing(gonogo: Gonogo, project: Path) -> None:
    """An empty green run is the worst answer there is."""
    done = gonogo("run", "--env", "dead", "--only", "tls-expirry")
    assert done.returncode == 2
    assert "no check 'tls-expirry'; did you mean tls-expiry?" in done.stderr
    assert not (project / "reports").exists()


def test_only_answers_for_that_check_and_leaves_latest(gonogo: Gonogo, project: Path) -> None:
    """Its outcome first, its exit code, no verdict; a whole run before it keeps its name."""
    latest = project / "reports" / "dead" / "latest"
    for identifier, word, code in (
        ("tls-handshake", "✖ tls-handshake   FAIL", 1),
        ("http-plain", "✔ http-plain   pass", 0),
    ):
        done = gonogo("run", "--env", "dead", "--only", identifier)
        assert done.stdout.startswith(f" {word}")
        assert done.returncode == code, done.stdout
        assert "no verdict" in done.stdout
        assert f"limited to {identifier}" in done.stdout
        assert not latest.exists()
    assert len(list(latest.parent.iterdir())) == 2


def test_unknown_environment_exits_2(gonogo: Gonogo) -> None:
    """And says which there are."""
    done = gonogo("run", "--env", "daed")
    assert done.returncode == 2
    assert "--env: no environment 'daed'; did you mean dead?" in done.stderr


def test_faults_are_for_the_reference_only(gonogo: Gonogo) -> None:
    """Nobody breaks staging with an option of ours."""
    done = gonogo("run", "--env", "dead", "--fault", "tls-expired")
    assert done.returncode == 2
    assert "bundled reference environment only" in done.stderr


def test_reports_that_cannot_be_written_are_noticed_before_anything_is_asked(gonogo: Gonogo, project: Path) -> None:
    """A run without a record is no run."""
    (project / "reports").write_text("a file in the way")
    done = gonogo("run", "--env", "dead")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "--reports" in done.stderr


@pytest.mark.parametrize("reports", ["/dev/null", "/proc/nowhere"])
def test_places_that_cannot_hold_a_report(gonogo: Gonogo, reports: str) -> None:
    """A mount that is read-only, or no folder at all."""
    done = gonogo("run", "--env", "dead", "--reports", reports)
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_team_brings_its_own_checks(gonogo: Gonogo, project: Path) -> None:
    """Ten lines and a catalogue line, beside the bundled ones."""
    folder = project / "checks"
    folder.mkdir()
    (folder / "catalogue.toml").write_text('[team-rule]\ntitle = "Ours"\nseverity = "blocker"\n')
    (folder / "test_team.py").write_text(
        'import pytest\n\n@pytest.mark.check("team-rule")\ndef test_ours(tls):\n'
        '    """Because we say so.\n\n    Fix: ask us.\n    """\n    assert tls.version == "TLSv1.3", "not ours"\n'
    )
    done = gonogo("run", "--env", "dead")
    assert "✖ team-rule   not ours" in done.stdout


def test_help_names_every_command(gonogo: Gonogo) -> None:
    """--help is where everybody begins."""
    done = gonogo("--help")
    assert done.returncode == 0
    for command in ("run", "replay", "report", "env", "checks", "reference"):
        assert f"  {command}" in done.stdout


def test_checks_explains_one(gonogo: Gonogo) -> None:
    """What does this id mean, and what do I do about it?"""
    done = gonogo("checks", "mongo-auth-required")
    assert "fix  set security.authorization: enabled" in done.stdout
    assert gonogo("checks", "mongo-auth").returncode == 2


def test_env_shows_what_was_understood_and_what_is_missing(gonogo: Gonogo, project: Path) -> None:
    """Before the first run, and in the job that complains about a secret."""
    text = (project / "environments" / "dead.toml").read_text().replace('"http", ', "").replace(', "redis"', "")
    redis = '[redis]\nurl = "R"\nmonitor_url = "M"\nkey_prefix = "k:"\nmaxmemory_policy = "x"\npersistence = "none"\n'
    (project / "environments" / "dead.toml").write_text(text + redis)
    done = gonogo("env", "dead", R="rediss://u:c4nary-p4ssword@r.test/0")
    assert done.returncode == 2
    assert "limits.run = 20 s" in done.stdout
    assert "# redis.url: R ********" in done.stdout
    assert "# redis.monitor_url: M MISSING" in done.stdout
    assert "secret M has no value; set it in the process environment" in done.stderr
    assert "c4nary" not in done.stdout + done.stderr
