"""The list that people sign: read as GitHub shows it, written back byte for byte."""

from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.policy.checklist import parse_checklist, plain_heading, read_checklist
from gonogo.policy.list_text import identified, ticked

SHIPPED = Path(__file__).parents[2] / "environments" / "checklist.md"
AS_PEOPLE_WRITE = (
    "\ufeff# 🚀 Launch\r\n"
    "\r\n"
    "* [X] **Bold** and `code` ⚠️ <!-- a.bold -->\r\n"
    "\t+ [ ] with a tab <!-- a.tab group=staging,production -->\r\n"
    "\t\t- [x] deeper <!-- a.deep env=staging,production attest=devops checks=tls-expiry valid=24h evidence=digest -->\r\n"
    "- plain item\r\n"
    "\r\n"
    "```\r\n- [ ] in a fence\r\n```\r\n"
    "\r\n"
    "## 2. Second 🏗️\r\n"
    "1. [ ] numbered, [a link](https://a.test) <!-- b.numbered -->\r\n"
)


def test_lists_as_people_write_them() -> None:
    """A box that is not seen is a promise that nobody keeps."""
    found = parse_checklist(AS_PEOPLE_WRITE, "c.md").lines
    assert [(line.id, line.text, line.number, line.checked) for line in found] == [
        ("a.bold", "Bold and code ⚠️", 3, True),
        ("a.tab", "with a tab", 4, False),
        ("a.deep", "deeper", 5, True),
        ("b.numbered", "numbered, a link", 13, False),
    ]
    assert [line.parents for line in found] == [(), ("a.bold",), ("a.bold", "a.tab"), ()]
    assert [line.leaf for line in found] == [False, False, True, True]
    assert found[1].group == found[2].environments == ("staging", "production")
    assert found[2].attest == ("devops",)
    assert found[2].checks == ("tls-expiry",)
    assert (found[2].valid, found[2].digest_alone) == (timedelta(days=1), True)
    assert found[3].section == ("🚀 Launch", "2. Second 🏗️")


@pytest.mark.parametrize("source", [AS_PEOPLE_WRITE, SHIPPED.read_text(encoding="utf-8"), "- [ ] a <!-- a -->"])
def test_round_trip_changes_no_byte_but_the_boxes(source: str) -> None:
    """The file is the team's: we tick it, and nothing else."""
    parsed = parse_checklist(source, "c.md")
    everything = frozenset(line.id for line in parsed.lines)
    done = ticked(parsed, everything)
    assert done.replace("[x]", "[ ]") == source.replace("[x]", "[ ]").replace("[X]", "[ ]")
    assert all(line.checked for line in parse_checklist(done, "c.md").lines)
    assert ticked(parsed, frozenset(line.id for line in parsed.lines if line.checked)) == source.replace("[X]", "[x]")


def test_notes_stand_before_the_comment() -> None:
    """Where a reader sees them, and the id stays where it is found."""
    parsed = parse_checklist(AS_PEOPLE_WRITE, "c.md")
    noted = ticked(parsed, frozenset({"a.tab"}), {"a.tab": "(seen)"})
    assert "\t+ [x] with a tab (seen) <!-- a.tab group=staging,production -->\r\n" in noted
    assert [line.id for line in parse_checklist(noted, "c.md").lines] == [line.id for line in parsed.lines]


def test_shipped_list_is_complete() -> None:
    """All 212 boxes of the team's list, 178 of them leaves, each with an id of its own."""
    lines = read_checklist(SHIPPED).lines
    assert len(lines) == len({line.id for line in lines}) == 212
    assert sum(line.leaf for line in lines) == 178


def test_import_gives_ids_and_keeps_those_that_are_there() -> None:
    """Ids are what attestations and catalogues hold on to."""
    source = "# Go\n- [ ] Same\n- [ ] Same\n- [ ] Mine <!-- my.own -->\n- [ ] É 日本\n"
    named = identified(parse_checklist(source, "c.md"))
    assert named == (
        "# Go\n- [ ] Same <!-- go.same -->\n- [ ] Same <!-- go.same-2 -->\n"
        "- [ ] Mine <!-- my.own -->\n- [ ] É 日本 <!-- go.e -->\n"
    )
    assert identified(parse_checklist(named, "c.md")) == named


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("- [ ] a <!-- x -->\n- [ ] b <!-- x -->\n", "c.md:2: id x is that of line 1 already"),
        ("- [ ] a <!-- UPPER -->\n", "c.md:1: 'UPPER' is not an id"),
        ("- [ ] a <!-- a who=me -->\n", "c.md:1: 'who=me' is not known here"),
        ("text\n\n    - [ ] a\n", "c.md:3: this box is indented so far that it is code in Markdown"),
        ("- a\n      - [ ] b\n", "c.md:2: this box is not a list item in Markdown"),
    ],
)
def test_mistakes_are_told_with_their_line(source: str, said: str) -> None:
    """What GitHub does not show as a box would be lost in silence."""
    with pytest.raises(UsageError) as caught:
        parse_checklist(source, "c.md")
    assert any(problem.startswith(said) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"# nothing\n", "no line has a box"),
        (b"- [ ] a\n", ":1: this line has no id"),
        (b"\xff\xfe", "byte 0 is not UTF-8"),
        (b"x" * (4 * 2**20 + 1), "larger than 4 MiB"),
    ],
)
def test_files_that_are_no_checklist(tmp_path: Path, content: bytes, said: str) -> None:
    """An empty list demands nothing, and would let anything through."""
    path = tmp_path / "checklist.md"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=str(path)) as caught:
        read_checklist(path)
    assert said in str(caught.value)


def test_long_lists_are_read() -> None:
    """Five thousand lines are a big company's list, not an attack."""
    source = "".join(f"- [ ] line {number} <!-- l.{number} -->\n" for number in range(5000))
    assert len(parse_checklist(source, "c.md").lines) == 5000


def test_headings_by_their_words() -> None:
    """Gates name them as people do."""
    assert (
        plain_heading("🏗️ Infrastructure Setup") == plain_heading("1. infrastructure  setup") == "infrastructure setup"
    )
