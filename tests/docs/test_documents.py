"""What documents tell is what the program does: a reader copies it, and it works."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from gonogo.cli.program import cli
from gonogo.families.registry import read_environment
from gonogo.policy.catalogue import read_catalogue
from gonogo.policy.local import FILE, changed, read_local_policy
from gonogo.record.results import Outcome
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.reference_instance import ReferenceInstance, ReferenceProcess
from gonogo.runs.session import results_of
from tests.docs.blocks import DOCUMENTS, ROOT, blocks, commands, links
from tests.docs.help import PAGE, rendered

NAMES = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]


def accepted(command: click.Command, words: Sequence[str]) -> None:
    """Raise click's own error for an option, or a subcommand, that there is not."""
    context = click.Context(command, info_name=command.name, **cli.context_settings)
    _, rest, _ = command.make_parser(context).parse_args(list(words))
    if isinstance(command, click.Group) and rest:
        name, inner, following = command.resolve_command(context, rest)
        assert name is not None
        assert inner is not None
        accepted(inner, following)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_commands_are_commands_of_the_program(document: Path) -> None:
    """Every subcommand and every option; the values are the reader's."""
    for words in commands(document):
        try:
            accepted(cli, words)
        except click.ClickException as error:
            pytest.fail(f"gonogo {' '.join(words)}: {error.format_message()}")


def test_what_is_no_command_is_noticed() -> None:
    """The test above can fail, and does not look at nothing."""
    assert sum(len(list(commands(document))) for document in DOCUMENTS) > 50
    for words in (["runs", "--env"], ["run", "--environment", "x"], ["sing", "RUN"], ["reference", "down"]):
        with pytest.raises(click.ClickException):
            accepted(cli, words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_links_lead_somewhere(document: Path) -> None:
    """Within the repository."""
    missing = [target for target in links(document) if target and not (document.parent / target).exists()]
    assert not missing


def test_help_is_what_the_program_says() -> None:
    """One page for who looks before installing."""
    assert PAGE.read_text(encoding="utf-8") == rendered(), "run: make docs"


def test_toml_is_toml() -> None:
    """In every document."""
    found = [block for document in DOCUMENTS for block in blocks(document, "toml")]
    assert found
    for block in found:
        tomllib.loads(block)


def test_environment_of_the_document_is_a_whole_one(tmp_path: Path) -> None:
    """All pieces together, as the document says."""
    (tmp_path / "environments").mkdir()
    pieces = blocks(ROOT / "docs" / "environments.md", "toml")
    (tmp_path / "environments" / "example.toml").write_text("\n".join(pieces), encoding="utf-8")
    found = read_environment("example", project=tmp_path).environment
    assert found.declares("mongodb")
    declared = {name for name in type(found).model_fields if getattr(found, name)}
    assert declared | found.service.without >= set(type(found).model_fields), "a section is neither declared nor absent"


@pytest.fixture(scope="module")
def instance() -> Iterator[ReferenceInstance]:
    """A healthy environment for all examples."""
    with ReferenceProcess() as process:
        yield ReferenceInstance(overlay=process.ready["environment"], faults=[])


@pytest.mark.parametrize(
    ("document", "folder", "expected"),
    [
        ("writing-a-check.md", "checks", {"own-certificate-fresh"}),
        ("journeys.md", "smoke", {"opinion-kept", "opinion-private"}),
    ],
)
def test_examples_run(
    instance: ReferenceInstance, tmp_path: Path, document: str, folder: str, expected: set[str]
) -> None:
    """On the reference environment, as they stand in the document: green when it is healthy."""
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "test_of_the_document.py").write_text(
        "\n".join(blocks(ROOT / "docs" / document, "python")[:1])
    )
    (tmp_path / folder / "catalogue.toml").write_text("\n".join(blocks(ROOT / "docs" / document, "toml")[:1]))
    run = prepare(Request(environment="reference", project=tmp_path, only=sorted(expected)), {}, instance=instance)
    results = results_of(run)
    outcomes = {check.id: check.outcome for check in results.checks if check.id in expected}
    assert outcomes == dict.fromkeys(expected, Outcome.PASS)


def test_policy_of_the_document_fits_the_bundled_checks(tmp_path: Path) -> None:
    """A team that copies the example changes what it says, and nothing is refused."""
    (tmp_path / "environments").mkdir()
    block = next(block for block in blocks(ROOT / "docs" / "checklist.md", "toml") if "[environments.staging" in block)
    (tmp_path / FILE).write_text(block)
    catalogue = read_catalogue(ROOT / "checks" / "catalogue.toml")
    _, differences = changed(catalogue, read_local_policy(tmp_path), "staging", tmp_path / FILE)
    assert {difference.check for difference in differences} == {"tls-expiry", "dns-caa"}
