"""Damage, an edit, and another gonogo's way to say it are different things, and each asks for another cure."""

from dataclasses import replace
from pathlib import Path

import pytest

import gonogo
from gonogo.record.origin import blamed, is_as_written, made_elsewhere, program_digest
from gonogo.record.results import Results
from gonogo.record.run_folder import RESULTS, STATEMENT
from gonogo.report.statement import render_statement
from tests.report.conftest import check, results


def made(version: str = gonogo.__version__, program: str | None = None) -> Results:
    """A record of a gonogo of this version and code."""
    told = results([check("tls-a")])
    code = program_digest() if program is None else program
    return replace(told, run=replace(told.run, gonogo=version), provenance=replace(told.provenance, program=code))


def kept(folder: Path, told: Results) -> Results:
    """As a run writes it, with the statement beside it."""
    (folder / RESULTS).write_bytes(told.content)
    (folder / STATEMENT).write_bytes(render_statement(told))
    return told


@pytest.mark.parametrize(
    ("told", "elsewhere"),
    [(made(), False), (made("0.0.9"), True), (made(program="0" * 64), True), (made(program=""), True)],
)
def test_who_made_it(told: Results, elsewhere: bool) -> None:  # noqa: FBT001 - a table
    """Two commits of one version may word a message differently."""
    assert made_elsewhere(told) is elsewhere


def test_records_from_before_the_code_was_named_keep_their_bytes() -> None:
    """Their digest stands on the page, in the statement, and under the signatures."""
    assert b'"program"' not in made(program="").content
    assert b'"program"' in made().content


def test_another_gonogo_is_named_and_nothing_called_damaged(tmp_path: Path) -> None:
    """Whoever reads it knows which gonogo to take."""
    told = kept(tmp_path, made("0.0.9", "abc" * 20))
    words = blamed(tmp_path, told, "decision.reason: recorded “a”, its checks give “b”")
    assert words.startswith(
        "decision.reason: recorded “a”, its checks give “b”; but nothing shows that it was changed: its digest is the one"
    )
    assert (
        f"another gonogo made it (0.0.9, code abcabcabcabc; this is {gonogo.__version__}, code {program_digest()[:12]})"
        in words
    )
    assert "damaged" not in words
    assert "whose code it does not name" in blamed(tmp_path, kept(tmp_path, made(program="")), "x")


def test_what_this_gonogo_made_was_damaged_or_edited(tmp_path: Path) -> None:
    """The same code says the same: whoever makes the statement again as well has edited all the same."""
    assert "the file was damaged or edited" in blamed(tmp_path, kept(tmp_path, made()), "x")


@pytest.mark.parametrize(
    "statement", [None, b"", b"[]", b"null", b'{"subject":[{"name":"results.json"}]}', b"[" * 100_000]
)
def test_bytes_that_nobody_vouches_for_are_not_called_as_written(tmp_path: Path, statement: bytes | None) -> None:
    """No statement, or one that is none."""
    told = kept(tmp_path, made("0.0.9"))
    assert is_as_written(tmp_path)
    (tmp_path / STATEMENT).unlink()
    if statement is not None:
        (tmp_path / STATEMENT).write_bytes(statement)
    assert "the file was damaged or edited" in blamed(tmp_path, told, "x")


def test_one_byte_is_damage(tmp_path: Path) -> None:
    """Whichever gonogo made it."""
    told = kept(tmp_path, made("0.0.9"))
    (tmp_path / RESULTS).write_bytes(told.content.replace(b"Title of tls-a", b"Title of tls-b"))
    assert "the file was damaged or edited" in blamed(tmp_path, told, "x")
