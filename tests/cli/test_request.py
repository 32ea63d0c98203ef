"""A service, a list and an environment file with requests: everything that happens to a check happens to them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Gonogo
from tests.dead.conftest import HOST, environment, hostile_server
from tests.support.http_sites import JSON, MISSING, Reply, handler

REQUESTS = """
[requests.catalog-is-public]
line = "service.catalog"
get = "/products"
json = "length(items) >= `1`"

[requests.admin-is-closed]
get = "/admin"
status = [401, 403, 404]
severity = "warning"
fix = "let the proxy refuse /admin"
"""
LIST = "# Launch\n\n- [ ] The catalogue can be read <!-- service.catalog -->\n"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """A project whose service has a catalogue, and an admin page that anybody can open."""
    pages = {"/": Reply(200, b"{}", JSON), "/products": Reply(200, b'{"items":[1]}', JSON), "/admin": Reply(200, b"x")}
    state, team = tmp_path / "state", tmp_path / "team"
    (team / "environments").mkdir(parents=True)
    state.mkdir()
    with hostile_server(handler(lambda asked: pages.get(asked.path, MISSING)), state) as (port, root):
        without = '"dns", "http", "mongodb", "redis", "ports", "smoke", "load", "variables"'
        declared = environment(port, trust=str(root), without=without, more=REQUESTS)
        (team / "environments/shop.toml").write_text(declared)
        (team / "environments/checklist.md").write_text(LIST)
        yield team


def test_each_entry_is_a_check_from_plan_to_replay(project: Path, gonogo: Gonogo) -> None:
    """Line, severity, outcome, message, fix and replay: nobody has to write Python for these."""
    gonogo("run", "--env", "shop")
    latest = project / "reports/shop/latest"
    results = json.loads((latest / "results.json").read_bytes())
    checks = {check["id"]: check for check in results["checks"]}
    assert checks["request-catalog-is-public"]["outcome"] == "pass"
    admin = checks["request-admin-is-closed"]
    assert admin["outcome"] == "warn"
    assert "401 or 403 or 404 is expected, not 200" in admin["observations"][0]["message"]
    assert admin["fix"] == "let the proxy refuse /admin"
    assert {line["id"]: line["status"] for line in results["lines"]} == {"service.catalog": "verified"}
    assert f"https://{HOST}" in (latest / "signoff.html").read_text()
    replayed = gonogo("replay", "reports/shop/latest")
    assert "judged again" not in replayed.stdout + replayed.stderr, "the same evidence gives the same outcomes"
    listed = gonogo("checks", "request-admin-is-closed").stdout
    assert "GET /admin is answered with 401 or 403 or 404" in listed
    assert "from project" in listed


def test_a_teams_policy_reaches_them(project: Path, gonogo: Gonogo) -> None:
    """What may be changed of bundled checks may be changed of these."""
    policy = '[checks.request-admin-is-closed]\nseverity = "blocker"\n'
    (project / "environments/policy.toml").write_text(policy)
    done = gonogo("run", "--env", "shop", "--only", "request-admin-is-closed")
    assert "✖ request-admin-is-closed" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('[requests.a]\nget = "/"\nline = "service.catalogue"', "no line 'service.catalogue'"),
        ('[requests."a b"]\nget = "/"', "requests.a b"),
        ('[requests.a]\nget = "/"\njson = "length("', "not a JMESPath expression"),
    ],
)
def test_a_mistake_is_told_before_anything_is_asked(project: Path, gonogo: Gonogo, entry: str, problem: str) -> None:
    """With file, key and cure."""
    path = project / "environments/shop.toml"
    path.write_text(f"{path.read_text()}\n{entry}\n")
    done = gonogo("run", "--env", "shop")
    assert done.returncode == 2
    assert "environments/shop.toml" in done.stderr
    assert problem in done.stderr


def test_one_is_tried_by_hand(project: Path, gonogo: Gonogo) -> None:
    """What came is shown, and whether it is as declared."""
    right = gonogo("request", "catalog-is-public", "--env", "shop")
    assert right.returncode == 0
    assert "answers 200, asked at 127.0.0.1" in right.stdout
    assert '{"items":[1]}' in right.stdout
    assert "length(items) >= `1`   found 1" in right.stdout
    wrong = gonogo("request", "admin-is-closed", "--env", "shop")
    assert wrong.returncode == 1
    assert "✖ GET" in wrong.stdout
    unknown = gonogo("request", "catalog", "--env", "shop")
    assert unknown.returncode == 2
    assert "did you mean request-catalog-is-public?" in unknown.stderr
    assert not (project / "reports").exists()
