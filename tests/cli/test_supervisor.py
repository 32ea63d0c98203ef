"""Exit code 0 is given for a record that says GO, and for nothing else that happens to a process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DOC = '    """Why.\n\n    Fix: it.\n    """\n'
ENVIRONMENT = """
[service]
name = "Desk"
base_url = "https://desk.test"
without = ["dns", "hosts", "http", "mongodb", "redis", "ports", "servers", "digitalocean", "atlas", "stripe", "sentry",
    "mail", "smoke", "load", "variables"]
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A project whose only check is about a page of its own, which needs no network."""
    for name in ("environments", "checks", "families/desk"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "environments" / "desk.toml").write_text(ENVIRONMENT)
    (tmp_path / "families" / "desk" / "__init__.py").write_text(FAMILY)
    (tmp_path / "checks" / "catalogue.toml").write_text('[own-promise]\ntitle = "Own"\nseverity = "blocker"\n')
    return tmp_path


FAMILY = """
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.evidence.base import Evidence
from gonogo.families.kind import EvidenceKind, Family, Probe


@dataclass(frozen=True, kw_only=True)
class Desk(Evidence):
    \"\"\"It stands.\"\"\"


@dataclass(frozen=True)
class Question:
    scope: tuple = ("desk",)
    host: str = "desk"


async def ask(question):
    return Desk(scope=question.scope, taken_at=datetime.now(UTC))


PROBES = {"desk": Probe(questions=lambda environment, secrets: [Question()], ask=ask)}
FAMILY = Family(name="desk", kinds=(EvidenceKind(name="desk", section="service", evidence=Desk),), probes=":PROBES")
"""


def run(desk: Path, body: str, *, above: str = "", redirect: str = "") -> subprocess.CompletedProcess[str]:
    """``gonogo run`` with this check, through a shell for its redirections."""
    source = f'import pytest\n\n{above}\n\n@pytest.mark.check("own-promise")\ndef test_own(desk):\n{DOC}    {body}\n'
    (desk / "checks" / "test_own.py").write_text(source)
    gonogo = Path(sys.executable).parent / "gonogo"
    return subprocess.run(  # noqa: S602 - redirections are the point
        f"set -o pipefail; {gonogo} run --env desk {redirect}",
        shell=True,
        executable="/bin/bash",
        cwd=desk,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_own_family_and_check_are_go(desk: Path) -> None:
    """A project's own ``families/`` folder is enough to ask something of its own."""
    done = run(desk, "assert desk.scope == ('desk',)")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("code", [0, 1, 7])
def test_check_that_ends_the_process_is_incomplete(desk: Path, code: int) -> None:
    """C libraries do end processes; that is no verdict."""
    done = run(desk, f"import os; os._exit({code})")
    assert done.returncode == 3
    assert f"the process that judged was ended with {code}, while own-promise was judged" in done.stderr


def test_module_that_ends_the_process_is_incomplete(desk: Path) -> None:
    """Nothing was judged yet; the exit code is ours all the same."""
    done = run(desk, "assert desk", above="import os; os._exit(0)")
    assert done.returncode == 3
    assert "before anything was judged" in done.stderr


@pytest.mark.parametrize("value", ["1", "1:1:word"])
def test_a_variable_of_somebody_else_supervises_nobody(desk: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """It may be left over in a shell; a process that ends itself would decide the exit code again."""
    monkeypatch.setenv("GONOGO_SUPERVISED", value)
    done = run(desk, "import os; os._exit(0)")
    assert done.returncode == 3, done.stdout


def test_only_the_program_itself_says_that_it_came_to_its_end(desk: Path) -> None:
    """A library that writes into every open descriptor announces no end."""
    body = "import os; assert 'GONOGO_SUPERVISED' not in os.environ"
    for_each = "[os.write(int(at), b'end 0\\n') for at in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{at}')]"
    done = run(desk, f"{body}; {for_each}; os._exit(0)")
    assert done.returncode == 3, done.stdout + done.stderr


def test_modules_of_the_project_take_no_library_s_place(desk: Path) -> None:
    """A service has a ``redis.py`` or a ``stripe/`` of its own as often as not."""
    (desk / "httpx").mkdir()
    for name in ("rfc8785.py", "httpx/__init__.py", "pytest.py"):
        (desk / name).write_text("import os; os._exit(0)")
    done = run(desk, "assert desk.scope == ('elsewhere',)")
    assert done.returncode == 1, done.stderr
    assert "NO-GO" in done.stdout


def test_exit_code_of_a_hook_at_the_end_counts_for_nothing(desk: Path) -> None:
    """What was found stays found."""
    done = run(desk, "import atexit, os; atexit.register(os._exit, 0); assert False, 'broken'")
    assert done.returncode == 1


@pytest.mark.parametrize("redirect", ["| head -c0", "> /dev/full", "2> /dev/full", ">&-", "2>&-"])
@pytest.mark.parametrize(
    ("body", "code"), [pytest.param("assert desk", 0, marks=pytest.mark.whole), ("assert False, 'broken'", 1)]
)
def test_output_that_nobody_takes_changes_no_verdict(desk: Path, redirect: str, body: str, code: int) -> None:
    """A closed pipe, a full disk: the record says what the verdict is, and the exit code is that verdict's."""
    assert run(desk, body, redirect=redirect).returncode == code


def test_optimised_python_is_refused(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It removes every assertion, and then all checks pass."""
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    done = run(desk, "assert False, 'broken'")
    assert done.returncode == 2
    assert "PYTHONOPTIMIZE" in done.stderr


@pytest.mark.parametrize(
    "body",
    [
        "import os; os.closerange(3, 100); assert False",
        pytest.param("assert sum(range(10**13))", marks=pytest.mark.whole),
    ],
)
def test_process_that_cannot_end_by_itself_is_ended(desk: Path, body: str) -> None:
    """A call of a C library that hears no signal; a check that closed what the process needs to stop."""
    environment = desk / "environments/desk.toml"
    environment.write_text(environment.read_text() + '\n[limits]\nrun = "2 s"\n')
    source = f'import pytest\n\n@pytest.mark.check("own-promise")\ndef test_own(desk):\n{DOC}    {body}\n'
    (desk / "checks" / "test_own.py").write_text(source)
    impatient = (
        "import sys, gonogo.cli.supervisor as s; s._GRACE_SECONDS = 3; sys.exit(s.supervise(['run', '--env', 'desk']))"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", impatient], cwd=desk, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "does not end while own-promise was judged" in done.stderr
    assert "was ended by signal 9, while own-promise was judged: INCOMPLETE, not GO" in done.stderr


def test_killed_supervisor_leaves_nobody_behind(desk: Path) -> None:
    """Whoever is killed hard must not leave a process that goes on asking."""
    source = f'import pytest\n\n@pytest.mark.check("own-promise")\ndef test_own(desk):\n{DOC}    while True: pass\n'
    (desk / "checks" / "test_own.py").write_text(source)
    gonogo = str(Path(sys.executable).parent / "gonogo")
    process = subprocess.Popen([gonogo, "run", "--env", "desk"], cwd=desk, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own program
    assert process.stderr is not None
    for line in process.stderr:
        if "answered" in line:
            break
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(_runs(pid) for pid in children):
        assert time.monotonic() < deadline, "the supervised process outlived its supervisor"
        time.sleep(0.05)
    process.wait()
    process.stderr.close()


def _runs(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
