"""From a service and nothing else to a first verdict, against real TLS servers, as people type it."""

import json
import os
import pty
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from gonogo.families.registry import installed_families
from reference.listener import Handler
from tests.cli.conftest import Gonogo
from tests.dead.conftest import endless_body, endless_headers, garbage, one_byte_a_second
from tests.support.http_doubles import http_server
from tests.support.tls_shop import HOST, Shop, bare, dated, serving

NOWHERE = ("--address", "127.0.0.1", "--resolver", "127.0.0.1:1")
"""Nobody answers about DNS there: the name leads where we say, and the test asks nobody else."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder, as on the first day."""
    team = tmp_path / "team"
    team.mkdir()
    return team


def section(project: Path, name: str) -> dict[str, object]:
    """A table of the environment file."""
    found: dict[str, object] = tomllib.loads((project / "environments/staging.toml").read_text())[name]
    return found


def test_everything_found_and_go_at_the_second_command(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """What the service shows is declared and verified, and nothing has to be edited for the first GO."""
    with serving(http_server(Shop(), dated()), project) as url:
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        assert begun.returncode == 0, begun.stdout + begun.stderr
        ended = program("run", "--env", "staging", "--release", "3f2c1a9")
    assert "✓ health       /healthz says ok, release 3f2c1a9" in begun.stdout
    assert "✓ certificate  issued by Shop CA, 79 days left" in begun.stdout
    assert "gonogo run --env staging --release 3f2c1a9" in begun.stdout
    assert section(project, "http") == {
        "health": "/healthz",
        "deep_health": "/healthz",
        "openapi": "/api/openapi.json",
        "metrics": "/metrics",
        "series": ["http_requests_total"],
        "moving": ["http_requests_total"],
        "closed_paths": ["/.env", "/.git/HEAD", "/debug", "/actuator/env", "/server-status", "/phpinfo.php"],
    }
    assert ended.returncode == 0, ended.stdout + ended.stderr
    kept = json.loads((project / "reports/staging/latest/results.json").read_text())
    assert [check["outcome"] for check in kept["checks"] if check["family"] == "own"] == ["pass"]
    assert (project / ".gitignore").read_text() == "reports/\n.env*\n"


def test_almost_nothing_found_says_what_is_not_verified(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """A service without health is INCOMPLETE for that reason, and never green by silence."""
    with serving(http_server(bare), project) as url:
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        ended = program("run", "--env", "staging")
        missing = gonogo("checklist", "--missing", "--env", "staging")
    assert begun.returncode == 0, begun.stderr
    for unseen in ("- health       not found", "- metrics      not found", "- OpenAPI      not found", "- DNS"):
        assert unseen in begun.stdout
    assert "not verified yet: dns, ports, health, release, deep_health, metrics, openapi" in begun.stdout
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "NOT RUN" not in ended.stdout
    declared = tomllib.loads((project / "environments/staging.toml").read_text())
    accounted = {*declared, *declared["service"]["without"]}
    assert (
        not {
            *installed_families(Path()).environment.section_keys.values(),
            "hosts",
            "health",
            "deep_health",
            "metrics",
            "openapi",
        }
        - accounted
        - {
            "alarms",
            "api",
            "browser",
            "compose",
            "monitoring",
            "oncall",
            "support",
            "requests",
            "records",
            "banners",
            "files",
            "documents",
            "launch",
            "watch",
        }  # their absence leaves nothing out
    ), "init forgets a family"
    assert missing.stdout.startswith("service.health ")
    assert gonogo("env", "staging").returncode == 0


def test_untrusted_certificate_is_said_and_then_judged(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """The service behind it is looked at all the same; the verdict is NO-GO until clients trust it."""
    with serving(http_server(Shop(), dated()), project, trusted=False) as url:
        begun = gonogo("init", "--base-url", url, *NOWHERE, "--yes")
        ended = program("run", "--env", "staging")
    assert "NOT TRUSTED" in begun.stdout
    assert "--trust root.pem" in begun.stdout
    assert "/healthz says ok" in begun.stdout
    assert ended.returncode == 1
    assert "tls-chain" in ended.stdout


def test_nobody_listens(gonogo: Gonogo, project: Path) -> None:
    """Nothing can be found out, so nothing is written."""
    refused = gonogo("init", "--base-url", f"https://{HOST}:1", *NOWHERE, "--yes")
    assert refused.returncode == 2
    assert "127.0.0.1:1: nothing listens" in refused.stderr
    assert not list(project.iterdir())


def test_port_without_tls(gonogo: Gonogo, project: Path) -> None:
    """A server of something else is no service to describe."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        refused = gonogo("init", "--base-url", f"https://{HOST}:{server.getsockname()[1]}", *NOWHERE, "--yes")
    assert refused.returncode == 2
    assert "does not speak TLS" in refused.stderr
    assert not list(project.iterdir())


def test_name_that_nobody_knows(gonogo: Gonogo, project: Path) -> None:
    """RFC 6761 keeps .invalid for this."""
    refused = gonogo("init", "--base-url", "https://api.invalid", "--resolver", "127.0.0.1:1", "--yes")
    assert refused.returncode == 2
    assert "the name api.invalid cannot be resolved (127.0.0.1:1: refused" in refused.stderr
    assert "--address" in refused.stderr
    assert not list(project.iterdir())


def test_the_environment_that_is_there_is_kept(gonogo: Gonogo, project: Path) -> None:
    """Before anything is asked: somebody wrote that."""
    path = project / "environments/staging.toml"
    path.parent.mkdir()
    path.write_text("mine")
    refused = gonogo("init", "--base-url", f"https://{HOST}:1", *NOWHERE, "--yes")
    assert refused.returncode == 2
    assert "environments/staging.toml exists already; write a further environment with --name NAME" in refused.stderr
    assert path.read_text() == "mine"


def test_gates_without_their_list_are_refused(gonogo: Gonogo, project: Path) -> None:
    """Their sections would be of a list that nobody has."""
    (project / "environments").mkdir()
    (project / "environments/gates.toml").write_text("mine")
    refused = gonogo("init", "--base-url", f"https://{HOST}:1", *NOWHERE, "--yes")
    assert refused.returncode == 2
    assert "gates.toml exists already, but not environments/checklist.md, whose sections it names" in refused.stderr


def test_beside_what_a_team_has(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """Its list, its people and its own tests in checks/ stay, and the next command takes all of it."""
    (project / "environments").mkdir()
    (project / "checks").mkdir()
    mine = {
        "environments/checklist.md": "# Ours\n- [ ] It is up <!-- ours.up checks=health-shallow -->\n",
        "environments/people.toml": "",
        "checks/conftest.py": "",
    }
    for name, text in mine.items():
        (project / name).write_text(text)
    with serving(http_server(Shop(), dated()), project) as url:
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        ended = program("run", "--env", "staging", "--release", "3f2c1a9")
    assert begun.returncode == 0, begun.stderr
    assert "kept environments/checklist.md, which exists already" in begun.stdout
    assert "wrote environments/gates.toml" in begun.stdout
    assert "to be changed" not in begun.stdout
    assert {name: (project / name).read_text() for name in mine} == mine
    assert not (project / "checks/catalogue.toml").exists()
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_what_does_not_fit_is_said_at_once(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """And not by the next command, as news."""
    (project / "environments").mkdir()
    (project / "environments/checklist.md").write_text("# Ours\n- [ ] It is up\n")
    with serving(http_server(bare), project) as url:
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        refused = program("run", "--env", "staging")
    assert refused.returncode == 2
    assert "this line has no id" in refused.stderr
    assert "gonogo checklist import environments/checklist.md" in begun.stdout


def test_words_of_the_repository_are_lines_and_sections(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """What the service depends on is verified by nobody in silence; its health is found where the repository says."""
    (project / "compose.yaml").write_text(
        "services:\n  web: {healthcheck: {test: curl http://localhost:80/inside/alive}}\n"
        "  db: {image: 'postgres:16'}\n  cache: {image: 'redis:7'}\n"
    )

    def answer(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        del headers
        return (200, b"OK") if path == "/inside/alive" else (404, b"{}")

    with serving(http_server(answer, dated()), project) as url:
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        ended = program("run", "--env", "staging")
        missing = gonogo("checklist", "--missing", "--env", "staging")
    assert "✓ health       /inside/alive says OK" in begun.stdout
    assert "PostgreSQL, as compose.yaml: services.db says" in begun.stdout
    assert 'redis", # USED (compose.yaml: services.cache)' in (project / "environments/staging.toml").read_text()
    assert "data.postgresql " in missing.stdout
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "service.release" in ended.stdout


def test_an_api_without_a_front_page(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """It is known by a page of its own description, which is asked in every run; else somebody names one."""
    operation = '"responses":{"200":{"description":"d"}}'
    described = (
        '{"openapi":"3.1.0","info":{"title":"T","version":"1"},'
        '"components":{"securitySchemes":{"k":{"type":"http","scheme":"bearer"}}},"paths":{'
        f'"/items":{{"get":{{{operation}}}}},"/items/{{id}}":{{"get":{{"parameters":[{{"in":"path","name":"id","required":true}}],{operation}}}}},'
        f'"/mine":{{"get":{{"security":[{{"k":[]}}],{operation}}}}},'
        f'"/search":{{"get":{{"parameters":[{{"in":"query","name":"q","required":true}}],{operation}}}}},'
        f'"/gone":{{"get":{{{operation}}}}}}}}}'
    ).encode()
    served = {"/openapi.json": described, "/items": b"[]", "/mine": b"[]", "/search": b"[]"}

    def answer(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        del headers
        return (200, served[path]) if path in served else (404, b"{}")

    with serving(http_server(answer, dated()), project) as url:
        asked = ("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        begun = gonogo(*asked)
        ended = program("run", "--env", "staging")
        del served["/openapi.json"]
        unknown = gonogo(*asked, "--force")
        named = gonogo(*asked, "--force", "--page", "/items")
        wrong = gonogo(*asked, "--force", "--page", "/elsewhere")
    assert "✓ page         /items shows that the service answers" in begun.stdout
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "request-get-items" in (project / "reports/staging/latest/results.json").read_text()
    assert "name a page with --page PATH" in unknown.stdout
    assert "✓ page         /items" in named.stdout
    assert "--page: " in wrong.stdout
    assert "answers 404" in wrong.stdout


def test_force_and_a_further_environment(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """Production comes after staging, beside the list that the team has written by then."""
    (project / ".gitignore").write_text("*.pyc\nreports/")
    with serving(http_server(bare), project) as url:
        asked = ("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        assert gonogo(*asked).returncode == 0
        again = gonogo(*asked)
        assert "write a further environment with --name NAME" in again.stderr
        checklist = project / "environments/checklist.md"
        checklist.write_text(checklist.read_text() + "- [ ] Ours <!-- ours -->\n")
        assert gonogo(*asked, "--name", "production", "--environment-only").returncode == 0
        assert "ours" in checklist.read_text()
        assert "kept checks/test_own.py" in gonogo(*asked, "--name", "testing").stdout
        assert program("run", "--env", "production").returncode == 3
        assert "replaced environments/checklist.md" in gonogo(*asked, "--force").stdout
    assert (project / ".gitignore").read_text() == "*.pyc\nreports/\n.env*\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--base-url: is missing"),
        (("--base-url", "http://a.test"), "https:// address"),
        (("--base-url", "https://127.0.0.1:8443"), "--base-url https://api.example.com --address 127.0.0.1"),
        (("--base-url", "https://[::1]/"), "--address ::1"),
        (("--base-url", "https://a.test:99999"), "--base-url"),
        (("--base-url", "https://a b.test"), "not a host name"),
        (("--base-url", "https://u:p@a.test"), "https:// address"),
        (("--base-url", "https://["), "--base-url"),
        (("--base-url", ""), "--base-url"),
        (("--base-url", "a.test", "--address", "x"), "--address: found 'x'; not an IP address"),
        (("--base-url", "a.test", "--resolver", "9.9.9.9"), "--resolver: found '9.9.9.9'"),
        (("--base-url", "a.test", "--trust", "none.pem"), "--trust: none.pem: cannot be read"),
        (("--base-url", "a.test", "--health", "x"), "--health: found 'x'; a path of the service is expected"),
        (("--base-url", "a.test", "--name", "gates"), "are reserved"),
        (("--base-url", "a.test", "--name", "../x"), "is not a name for an environment"),
    ],
)
def test_bad_input_is_one_clear_message(gonogo: Gonogo, project: Path, arguments: tuple[str, ...], said: str) -> None:
    """Exit 2, the option, the cure; never a traceback, and never a file."""
    refused = gonogo("init", "--yes", *arguments)
    assert refused.returncode == 2, refused.stdout + refused.stderr
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(project.iterdir())


def test_root_that_nobody_else_has(gonogo: Gonogo, project: Path) -> None:
    """A path of this machine does not belong into a file that is committed; nor does a key belong to a root."""
    with serving(http_server(bare), project) as url:
        outside = gonogo("init", "--base-url", url, "--trust", str(project.parent / "state/root.pem"), *NOWHERE)
        assert "is outside of this project" in outside.stderr
        bundle = (project / "root.pem").read_text() + (project.parent / "state/public-1-key.pem").read_text()
        (project / "both.pem").write_text(bundle)
        keyed = gonogo("init", "--base-url", url, "--trust", "both.pem", *NOWHERE)
        assert "holds a private key" in keyed.stderr
    assert not (project / "environments").exists()


@pytest.mark.parametrize("handler", [endless_body, endless_headers, one_byte_a_second, garbage])
def test_hostile_server_costs_bounded_time(gonogo: Gonogo, project: Path, handler: Handler) -> None:
    """Whatever it sends, init ends, and what it wrote runs."""
    with serving(handler, project) as url:
        started = time.monotonic()
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        assert time.monotonic() - started < 60, "a few requests of four seconds each at most"
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert "health" in section(project, "service")["without"]  # type: ignore[operator]  # a list


def test_service_that_sends_everybody_elsewhere(gonogo: Gonogo, project: Path) -> None:
    """No redirect is followed; that there is one is said."""

    def moved(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        del path, headers
        return 302, b""

    with serving(http_server(moved, "Location: https://elsewhere.test/login\r\n"), project) as url:
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
    assert "redirects to elsewhere.test: is that the base URL?" in begun.stdout
    assert begun.returncode == 0


def test_words_of_the_service_move_no_cursor(gonogo: Gonogo, project: Path) -> None:
    """Escape sequences and reversed text in what it says stay what they are: text."""
    evil = "ok\\u001b[2J\\u202e\\n" + "x" * 500

    def answer(path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        del headers
        if path == "/health":
            return 200, f'{{"status":"{evil}","release":"a; rm -rf ~"}}'.encode()
        return (200, b'{"swagger":"2.0\\u001b]0;x\\u0007"}') if path == "/swagger.json" else (404, b"")

    with serving(http_server(answer), project) as url:
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
    written = "".join(path.read_text() for path in (project / "environments").iterdir())
    for text in (begun.stdout, written):
        assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "--release" not in begun.stdout.partition("next:")[2]
    assert gonogo("env", "staging").returncode == 0


def test_issuer_of_hostile_text_is_a_valid_file(gonogo: Gonogo, program: Gonogo, project: Path) -> None:
    """What a certificate calls its issuer is quoted, and read back as it was."""
    issuer = 'A"]\n[x] \u202e'
    with serving(http_server(bare), project, issuer=issuer) as url:
        begun = gonogo("init", "--base-url", url, "--trust", "root.pem", *NOWHERE, "--yes")
        ended = program("run", "--env", "staging", "--only", "tls-issuer")
    assert begun.returncode == 0, begun.stdout + begun.stderr
    assert section(project, "tls")["issuer"] == issuer
    assert "\u202e" not in (project / "environments/staging.toml").read_text()
    assert ended.stdout.startswith(" ✔ tls-issuer   pass"), ended.stdout


def test_questions_are_asked_at_a_terminal(project: Path) -> None:
    """Without options it asks for the address, and before it writes."""
    ours, theirs = pty.openpty()
    with serving(http_server(bare), project) as url:
        command = [sys.executable, "-c", "from gonogo.cli import main; main()", "init", "--trust", "root.pem", *NOWHERE]
        with subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=project, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as asked:
            os.write(ours, f"{url}\nn\n".encode())
            output, _ = asked.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert "Where is the service?" in output
    assert "Write the files?" in output
    assert "nothing was written" in output
    assert not (project / "environments").exists()
