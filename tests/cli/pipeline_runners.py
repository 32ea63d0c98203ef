"""What the runners of GitHub and GitLab do with a pipeline's file, as far as our files need it: step by step, in a shell.

Expressions are those of GitHub's contexts (``inputs``, ``steps``, ``needs``, ``secrets``, ``github``); a step's outputs come
by ``$GITHUB_OUTPUT``. The actions of others that our files name are done by hand: checkout, setup-python, cache, artifacts.
GitLab joins ``before_script`` and ``script`` into one shell; artifacts and dotenv reports go to the jobs that need them.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass(slots=True, kw_only=True)
class Job:
    """One job on a machine of its own."""

    origin: Path
    """The repository that it checks out."""
    sha: str
    folder: Path
    tools: Path
    """The folder of programs that the image has: python, pip and apt-get."""
    store: Path
    """Where artifacts are kept between jobs."""
    contexts: dict[str, Any] = field(default_factory=dict)
    said: str = ""
    """All that was printed."""

    def shell(self, script: str, variables: Mapping[str, str], *options: str) -> int:
        """Run a script as a file of its own; everything printed is kept."""
        path = self.folder.parent / f"{self.folder.name}.script"
        path.write_text(script)
        done = subprocess.run(  # noqa: S603 - a script of our own documents
            ["/bin/bash", *options, str(path)],
            cwd=self.folder,
            env={"PATH": f"{self.tools}:{os.environ['PATH']}", "HOME": str(self.folder.parent), "LANG": "C.UTF-8"}
            | dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.said += done.stdout + done.stderr
        return done.returncode

    def clone(self, reference: str, into: Path) -> None:
        """As a checkout with the whole history does it."""
        git("clone", "--quiet", str(self.origin), str(into), cwd=self.folder.parent)
        git("checkout", "--quiet", reference, cwd=into)


def git(*words: str, cwd: Path) -> str:
    """The output of git, which must succeed."""
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
    command = ["/usr/bin/git", *identity, *words]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - ours


def github_job(job: Job, steps: list[dict[str, Any]]) -> bool:
    """Whether all steps succeeded; after a failure only those run that say ``if: always()``."""
    job.folder.mkdir()
    well = True
    for step in steps:
        if well or step.get("if") == "always()":
            well = _github_step(job, step) and well
    return well


def _github_step(job: Job, step: dict[str, Any]) -> bool:
    given = {name: _evaluated(str(value), job.contexts) for name, value in step.get("with", {}).items()}
    uses = step.get("uses", "")
    if uses.startswith("./"):
        return _composite(job, step, given)
    if uses:
        _of_others(job, uses.partition("@")[0], given)
        return True
    output = job.folder.parent / "output"
    output.write_text("")
    variables = {name: _evaluated(str(value), job.contexts) for name, value in step.get("env", {}).items()}
    code = job.shell(
        step["run"],
        {**variables, **job.contexts.get("env", {}), "GITHUB_OUTPUT": str(output)},
        *("--noprofile", "--norc", "-e", "-o", "pipefail"),
    )
    pairs = dict(line.split("=", 1) for line in output.read_text().splitlines())
    job.contexts.setdefault("steps", {}).setdefault(step.get("id", ""), {})["outputs"] = pairs
    return code == 0


def _composite(job: Job, step: dict[str, Any], given: Mapping[str, str]) -> bool:
    action = yaml.safe_load((job.folder / step["uses"] / "action.yml").read_text())
    defaults = {name: str(setting.get("default", "")) for name, setting in action["inputs"].items()}
    inputs = {name: _evaluated(value, job.contexts) for name, value in defaults.items()} | dict(given)
    assert inputs.keys() == defaults.keys(), "an input that the action does not have"
    environ = {name: _evaluated(str(value), job.contexts) for name, value in step.get("env", {}).items()}
    inner = Job(origin=job.origin, sha=job.sha, folder=job.folder, tools=job.tools, store=job.store)
    inner.contexts = {"inputs": inputs, "github": job.contexts["github"], "env": environ, "steps": {}}
    well = True
    for one in action["runs"]["steps"]:
        if well or one.get("if") == "always()":
            well = _github_step(inner, one) and well
    outputs = {name: _evaluated(setting["value"], inner.contexts) for name, setting in action["outputs"].items()}
    job.contexts.setdefault("steps", {})[step["id"]] = {"outputs": outputs}
    job.said += inner.said
    return well


def _of_others(job: Job, action: str, given: Mapping[str, str]) -> None:
    match action:
        case "actions/checkout":
            job.clone(given.get("ref", job.sha), job.folder / given.get("path", "."))
        case "actions/upload-artifact":
            shutil.copytree(job.folder / given["path"], job.store / given["name"])
        case "actions/download-artifact":
            shutil.copytree(job.store / given["name"], job.folder / given["path"])
        case "actions/cache/restore":
            _copied(job.store / "cache", job.folder / given["path"])
        case "actions/cache/save":
            _copied(job.folder / given["path"], job.store / "cache")
        case "actions/setup-python" | "actions/cache":
            return
        case _:
            raise AssertionError(f"nobody here does what {action} does")


def _copied(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _evaluated(text: str, contexts: Mapping[str, Any]) -> str:
    def value(found: "re.Match[str]") -> str:
        if found[1].startswith(("runner.", "hashFiles(")):
            return ""
        node: Any = contexts
        for name in found[1].split("."):
            node = node.get(name, "") if isinstance(node, Mapping) else ""
        return str(node)

    return _EXPRESSION.sub(value, text)


def gitlab_job(
    job: Job, document: Mapping[str, Any], name: str, dotenv: Mapping[str, str]
) -> tuple[bool, dict[str, str]]:
    """Whether it succeeded, and the variables that it gives to jobs that need it."""
    job.folder.mkdir()
    job.clone(job.sha, job.folder)
    settings = document[name]
    for needed in settings.get("needs", ()):
        shutil.copytree(job.store / needed, job.folder, dirs_exist_ok=True)
    variables = {**document["variables"], **settings.get("variables", {}), **dotenv, "CI_COMMIT_SHA": job.sha}
    variables |= {"CI_PROJECT_DIR": str(job.folder)}
    expanded = {
        key: re.sub(r"\$(\w+)", lambda found: variables.get(found[1], ""), value) for key, value in variables.items()
    }
    lines = "\n".join([*settings["before_script"], *settings["script"]])
    kept = [path for cache in settings.get("cache", ()) if cache.get("when") == "always" for path in cache["paths"]]
    for path in kept:
        _copied(job.store / "cache", job.folder / path)
    code = job.shell(lines, expanded, "-e", "-o", "pipefail")
    for path in kept:
        _copied(job.folder / path, job.store / "cache")
    reported: dict[str, str] = {}
    if artifacts := settings.get("artifacts"):
        for path in artifacts["paths"]:
            shutil.copytree(job.folder / path, job.store / name / path, symlinks=True)
        report = (job.folder / artifacts["reports"]["dotenv"]).read_text()
        reported = dict(line.split("=", 1) for line in report.splitlines())
        assert list(job.folder.glob(artifacts["reports"]["junit"])), "the report that GitLab shows is not there"
    return code == 0, reported
