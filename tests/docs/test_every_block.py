"""Every block of every document is run by a test that is named here, or says in a comment why not; no block is forgotten."""

import importlib
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gonogo.environment.section import Section
from gonogo.families.load.section import Load
from gonogo.families.watch.section import Launch, Watch
from gonogo.policy.checklist import read_checklist
from gonogo.policy.gates import read_gates
from gonogo.policy.people import read_people
from tests.docs.blocks import DOCUMENTS, ROOT, accounts, blocks

_PACKAGES = ("kubernetes", "mysql", "postgresql", "rabbitmq", "s3", "smtp")
RUN_BY: Mapping[tuple[str, str], tuple[int, str]] = {
    ("docs/checklist.md", "markdown"): (1, "tests.docs.test_every_block:test_lines_of_the_list"),
    ("docs/checklist.md", "toml"): (4, "tests.docs.test_every_block:test_gates_and_people"),
    ("docs/checklist.md", ""): (1, "tests.docs.test_every_block:test_what_somebody_says"),
    ("docs/commands.md", ""): (1, "tests.docs.test_documents:test_help_is_what_the_program_says"),
    ("docs/commands.md", "text"): (34, "tests.docs.test_documents:test_help_is_what_the_program_says"),
    ("docs/environments.md", "toml"): (20, "tests.docs.test_documents:test_environment_of_the_document_is_a_whole_one"),
    ("docs/journeys.md", "python"): (5, "tests.docs.test_project:test_journeys_of_a_project_pass_and_leave_nothing"),
    ("docs/journeys.md", "toml"): (4, "tests.docs.test_project:test_journeys_of_a_project_pass_and_leave_nothing"),
    ("docs/launch.md", "toml"): (2, "tests.docs.test_every_block:test_gates_and_people"),
    ("docs/load.md", "python"): (1, "tests.docs.test_every_block:test_scenario"),
    ("docs/load.md", "toml"): (1, "tests.docs.test_every_block:test_scenario"),
    ("docs/sign-off.md", "sh"): (1, "tests.signing.test_signing:test_openssl_alone_verifies"),
    ("docs/sign-off.md", "toml"): (1, "tests.docs.test_every_block:test_gates_and_people"),
    ("docs/starting.md", ""): (6, "tests.docs.test_starting:test_every_block"),
    ("docs/starting.md", "text"): (5, "tests.docs.test_starting:test_every_block"),
    ("docs/starting.md", "yaml"): (1, "tests.docs.test_starting:test_every_block"),
    ("docs/starting.md", "markdown"): (1, "tests.docs.test_starting:test_every_block"),
    ("docs/starting.md", "toml"): (1, "tests.docs.test_starting:test_every_block"),
    ("docs/watch.md", "text"): (1, "tests.watching.test_documented:test_message_of_the_document"),
    ("docs/watch.md", "toml"): (2, "tests.watching.test_documented:test_sections_of_the_document"),
    ("docs/watch.md", "sql"): (1, "tests.families.test_watch_journal:test_schema_is_the_documented_one"),
    ("docs/watch.md", ""): (1, "tests.watching.test_end_to_end:watched"),
    ("docs/watch.md", "sh"): (1, "tests.watching.test_polling:test_commands_of_the_document"),
    ("docs/writing-a-check.md", "python"): (1, "tests.docs.test_documents:test_examples_run"),
    ("docs/writing-a-check.md", "toml"): (1, "tests.docs.test_documents:test_examples_run"),
    ("docs/writing-a-family.md", "python"): (11, "tests.docs.test_families:test_code_is_that_of_the_example"),
    ("docs/writing-a-family.md", "toml"): (5, "tests.docs.test_families:test_family_of_a_project_is_green_and_red"),
    **{
        (f"packages/gonogo-{name}/README.md", "toml"): (1, "tests.docs.test_every_block:test_sections_of_packages")
        for name in _PACKAGES
    },
}
"""By document and language: how many blocks, and the test that runs them. A new block is counted by whoever makes it run."""


def unaccounted(documents: Mapping[str, Path]) -> list[str]:
    """What stands in a document, and neither a test nor a reason does."""
    left = Counter((name, language) for name, path in documents.items() for language, why in accounts(path) if not why)
    counted = {key: number for key, (number, _) in RUN_BY.items()}
    return [
        f"{name}: {left[name, language]} blocks of {language or 'no language'}, {counted.get((name, language), 0)} are run"
        for name, language in sorted(left.keys() | counted.keys())
        if left[name, language] != counted.get((name, language), 0)
    ]


def test_every_block_is_run_or_says_why_not() -> None:
    """Name in RUN_BY the test that runs a new block, or write ``<!-- not run: REASON -->`` before it."""
    real = {path.relative_to(ROOT).as_posix(): path for path in DOCUMENTS if path.resolve().is_relative_to(path.parent)}
    assert unaccounted(real) == []


def test_a_new_block_is_noticed(tmp_path: Path) -> None:
    """One more, one less, and one whose reason is empty."""
    page = tmp_path / "page.md"
    page.write_text("<!-- not run: minutes -->\n```\ngonogo load\n```\n")
    blank = tmp_path / "formats.md"
    blank.write_text("<!-- not run:  -->\n\n```yaml\na: 1\n```\n")
    wrong = unaccounted({"docs/page.md": page, "docs/formats.md": blank})
    assert not [row for row in wrong if row.startswith("docs/page.md")]
    assert "docs/formats.md: 1 blocks of yaml, 0 are run" in wrong
    assert "docs/starting.md: 0 blocks of yaml, 1 are run" in wrong


@pytest.mark.parametrize("test", sorted({test for _, test in RUN_BY.values()}))
def test_what_runs_them_is_a_test(test: str) -> None:
    """A name that nobody has runs nothing."""
    module, _, name = test.partition(":")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The files of a team: those of this repository."""
    for name in ("environments", "smoke", "checks", "loadtests"):
        copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_lines_of_the_list(tmp_path: Path) -> None:
    """All four ways to write one."""
    path = tmp_path / "checklist.md"
    path.write_text("".join(blocks(ROOT / "docs" / "checklist.md", "markdown")))
    lines = {line.id: line for line in read_checklist(path).lines}
    assert set(lines) == {"tls.validity", "atlas.cluster-staging", "ours.promise", "day.green"}
    assert list(lines["ours.promise"].checks) == ["tls-expiry", "health-shallow"]


def test_gates_and_people(project: Path) -> None:
    """Gates of the pages fit the list of this repository; people are read, a key of their own in place of the dots."""
    folder = project / "environments"
    gates, carries, person, _ = blocks(ROOT / "docs" / "checklist.md", "toml")
    launch, watched = blocks(ROOT / "docs" / "launch.md", "toml")
    sections = tomllib.loads(watched)
    assert Launch.model_validate(sections["launch"]).duties
    assert len(Watch.model_validate(sections["watch"]).watched) == 3
    whole = (folder / "gates.toml").read_text()
    for text in (gates, f"{whole}\n{carries}", f"{whole}\n{launch}"):
        (folder / "gates.toml").write_text(text)
        assert read_gates(folder / "gates.toml", read_checklist(folder / "checklist.md")).gates
    (signer,) = blocks(ROOT / "docs" / "sign-off.md", "toml")
    public = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    for text in (person, signer.replace("ssh-ed25519 AAAA… davi@laptop", public)):
        (folder / "people.toml").write_text(text)
        assert [one.name for one in read_people(project).person] == ["Davi Lima"]


def test_what_somebody_says(project: Path) -> None:
    """The attestation of the page is taken, beside a file of evidence."""
    (project / "invites.pdf").write_bytes(b"%PDF-1.7")
    (block,) = [text for text in blocks(ROOT / "docs" / "checklist.md") if text.startswith("gonogo attest")]
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["/bin/sh", "-ec", block]
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our document
    assert done.returncode == 0, done.stderr
    assert list((project / "environments").rglob("*attest*"))


def test_scenario() -> None:
    """Its requests are those that it says it makes, and that ``[load]`` declares. In a process: Locust changes the library."""
    (block,), (declared,) = (blocks(ROOT / "docs" / "load.md", language) for language in ("python", "toml"))
    section = Load.model_validate(tomllib.loads(declared)["load"])
    assert set(section.visits) == {"browse"}
    asked = (
        "from types import SimpleNamespace\nfrom gonogo.load.visitor import Visitor\n"
        f"{block}\nasked = []\n"
        "me = SimpleNamespace(data={'token': 't'}, ask=lambda name, path, **more: asked.append((name, path, more)))\n"
        "Browse.visit(me)\n"
        f"assert tuple(name for name, _, _ in asked) == Browse.makes == {section.classes['reads'].endpoints!r}\n"
        "assert Browse.scenario == 'browse'\n"
        "assert asked[0][2] == {'token': 't'}\n"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our document
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", _PACKAGES)
def test_sections_of_packages(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The section of each README is one that its package takes."""
    package = ROOT / "packages" / f"gonogo-{name}"
    monkeypatch.syspath_prepend(str(package / "src"))
    (spec,) = importlib.import_module(f"gonogo_{name}").FAMILY.sections
    (block,) = blocks(package / "README.md", "toml")
    assert isinstance(spec.model.model_validate(tomllib.loads(block)[spec.key]), Section)
