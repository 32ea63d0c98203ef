"""Lists as teams have them become checklists; what was not taken over is told line by line."""

import re
from itertools import product
from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.policy.checklist import parse_checklist
from gonogo.policy.importing import imported, told
from gonogo.starting.components import COMPONENTS
from gonogo.starting.own_files import is_untouched
from tests.cli.conftest import ROOT, called


def tasks(source: str, *, bullets: bool | None = None) -> list[tuple[str, bool]]:
    """Words, and whether it is done."""
    made = imported(source, "list.md", bullets=bullets)
    return [(line.text, line.checked) for line in parse_checklist(made.text, "list.md").lines]


@pytest.mark.parametrize(
    ("row", "text", "done"),
    [
        ("- [ ] Proper", "Proper", False),
        ("- [X] Proper", "Proper", True),
        ("- [] Empty", "Empty", False),
        ("- [ ]Tight", "Tight", False),
        ("-[ ] Tight", "Tight", False),
        ("- [x ] Wide", "Wide", True),
        ("- [✓] Tick", "Tick", True),
        ("- [-] Dropped", "Dropped", False),
        ("☐ Ballot", "Ballot", False),
        ("- ☑ Ballot", "Ballot", True),
        ("* ☐ Ballot", "Ballot", False),
        ("1. [] Number", "Number", False),
        ("• [ ] Bullet", "Bullet", False),
        ("- ( ) Round", "Round", False),
        ("[ ] Bare", "Bare", False),
        ("- \\[ ] Escaped", "Escaped", False),
        ("- ✅ Emoji", "Emoji", True),
        ('- <input type="checkbox" disabled> HTML', "HTML", False),
        ("2. <input checked type='checkbox'> HTML", "HTML", True),
        ('<li><label><input type="checkbox" data-checked="x" /> HTML</label></li>', "HTML", False),
    ],
)
def test_boxes_however_they_are_written(row: str, text: str, done: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Five of seven were lost without a word."""
    assert tasks(f"# List\n{row}\n") == [(text, done)]
    made = imported(f"# List\n{row}\n", "list.md")
    assert bool(list(told(made))) == ("Proper" not in row)
    assert all(line.startswith("list.md:2: taken over as ") for line in told(made))


ASCIIDOC = """= Launch

== Certificates
* [ ] Trusted
** [*] Renewed by itself
. [ ] Redirected
"""
ORG = """* Launch
** Certificates
- [ ] Trusted
  - [X] Renewed by itself
+ [ ] Redirected
"""


@pytest.mark.parametrize(("name", "source"), [("list.adoc", ASCIIDOC), ("list.org", ORG)])
def test_lists_of_other_markup_become_markdown(name: str, source: str) -> None:
    """Headings, nesting and ticks are kept; what was written otherwise is told by its line."""
    made = imported(source, name)
    checklist = parse_checklist(made.text, "checklist.md")
    lines = [(line.text, line.checked, line.section[-1]) for line in checklist.lines]
    section = "Certificates"
    assert lines == [("Trusted", False, section), ("Renewed by itself", True, section), ("Redirected", False, section)]
    assert [line.leaf for line in checklist.lines] == [False, True, True]
    heading = next(line for line in told(made) if "## Certificates" in line)
    assert heading.startswith(f"{name}:")


def test_lines_between_tags_of_a_list() -> None:
    """As a page that was exported has them: what stands in a block of HTML is no Markdown."""
    rows = '<ul>\n<li><input type="checkbox"> One</li>\n<li><input type="checkbox" checked> Two</li>\n</ul>\n'
    assert tasks(rows) == [("One", False), ("Two", True)]


@pytest.mark.parametrize(
    ("remarks", "kept"),
    [
        (("optional", "optional"), True),
        (("TODO: ask Ana", "see https://wiki.example.com/x"), True),
        (("UPPER", "P1, later"), True),
        (("backups.restored", "keys"), False),
    ],
)
def test_remarks_of_the_team_are_no_ids(remarks: tuple[str, str], kept: bool) -> None:  # noqa: FBT001 - as above
    """A word that stands twice, or what is no id at all, is theirs, and stays; ids are made of the words of the line."""
    rows = [f"- [ ] Task of mine {number} <!-- {remark} -->" for number, remark in enumerate(remarks)]
    made = imported("\n".join(rows), "list.md")
    assert made.lines == 2
    assert all(row in made.text for row in rows)
    ids = [line.id for line in parse_checklist(made.text, "list.md").lines]
    assert ids == (["line.task-of-mine-0", "line.task-of-mine-1"] if kept else list(remarks))


def test_the_same_id_twice_is_a_mistake() -> None:
    """One of two lines would be proved by the other's checks."""
    with pytest.raises(UsageError, match=r"id tls\.validity is that of line 1 already"):
        imported("- [ ] One <!-- tls.validity -->\n- [ ] Two <!-- tls.validity -->\n", "list.md")


def test_rows_of_a_table() -> None:
    """Whole organisations keep their list in one."""
    table = (
        "| Task | Who | Done |\n|---|:-:|---|\n| Restore a backup | Ana | [x] |\n| Rotate keys | Bo \\| Cy | [ ] |\n"
    )
    assert tasks(f"# List\n\n{table}") == [("Restore a backup · Ana", True), ("Rotate keys · Bo | Cy", False)]
    assert tasks("# List\n\n| Task |\n| --- |\n| Restore |\n") == [("Restore", False)]


def test_a_table_of_facts_beside_boxes_is_told() -> None:
    """It may be one of tasks as well."""
    made = imported("# List\n- [ ] Task\n\n| Name | Address |\n| --- | --- |\n| api | 192.0.2.1 |\n", "list.md")
    assert made.lines == 1
    assert [line for line in told(made) if "list.md:4: a table of 1 rows without a box" in line]


def test_plain_bullets() -> None:
    """Where there is no box at all they are the tasks; else somebody must say so."""
    bullets = "# List\n- one\n  - two\n1) three\n"
    assert [text for text, _ in tasks(bullets)] == ["one", "two", "three"]
    mixed = "# List\n- [ ] box\n- bullet\n"
    assert [text for text, _ in tasks(mixed)] == ["box"]
    assert [line for line in told(imported(mixed, "list.md")) if "1 plain bullet" in line and "line 3" in line]
    assert [text for text, _ in tasks(mixed, bullets=True)] == ["box", "bullet"]


def test_headings_alone() -> None:
    """The innermost of them are the tasks."""
    made = imported("# Launch\r\n## Backups\r\ntext\r\n## Alerts\r\n### On call\r\n", "list.md")
    assert "## Backups\r\n\r\n- [ ] Backups <!-- backups.backups -->\r\n" in made.text
    assert [line.text for line in parse_checklist(made.text, "list.md").lines] == ["Backups", "On call"]


def test_every_other_byte_stays() -> None:
    """It is the team's file."""
    source = "\ufeff# List\r\n\r\ntext  \r\n- [ ] One <!-- my.one -->\r\n\t- [] Two\r\n"
    assert imported(source, "list.md").text == source.replace("[] Two", "[ ] Two <!-- list.two -->")


def test_what_is_hidden_is_told() -> None:
    """It is not taken over, and not forgotten."""
    made = imported("- [ ] One\n\n```\n- [ ] Two\n```\n", "list.md")
    assert [line for line in told(made) if line.startswith("not taken over: list.md:4:")]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("", "nothing to do stands in it"),
        ("text\n", "nothing to do stands in it"),
        ("- [ ] One\n<details>\n- [ ] Raw\n</details>\n", "list.md:3: this box is not a list item"),
        ("- [ ] One <!-- tls.validity env=staging,, -->\n", "list.md:1: 'env=staging,,' has an empty name"),
    ],
)
def test_lists_that_would_stop_every_run(source: str, why: str) -> None:
    """Better now than then."""
    with pytest.raises(UsageError) as caught:
        imported(source, "list.md")
    assert why in str(caught.value)


def _accounted_for(row: str) -> bool:
    """Whether the line is a task now, or is told with its number."""
    try:
        made = imported(f"# List\n\n- [ ] First\n\n{row}\n", "list.md")
    except UsageError as error:
        return "list.md:5:" in str(error)
    return made.lines == 2 or any("list.md" in line for line in told(made))


def test_nine_hundred_shapes_are_counted_or_told() -> None:
    """Whatever marker, box and indentation: no line is lost in silence."""
    markers, boxes = ("-", "*", "+", "1.", "•", ""), ("[ ]", "[]", "[x]", "[x ]", "[✓]", "☐", "☑", "( )", "(x)", "[-]")
    blanks = product(markers, ("", " ", "  "), boxes, ("", " ", "\t", "  ", " **"))
    rows = [f"{marker}{between}{box}{after}Words".strip() for marker, between, box, after in blanks]
    assert len(rows) == 900
    assert not [row for row in rows if not _accounted_for(row)]


def test_a_list_that_init_wrote_gives_way(tmp_path: Path) -> None:
    """It is step three of the first hour; and what init wrote beside it follows."""
    team = ROOT / "docs/examples/team"
    templates = ROOT / "src/gonogo/starting/templates"
    environments = tmp_path / "environments"
    environments.mkdir()
    (tmp_path / "checks").mkdir()
    rows = [row for row in (templates / "checklist.md.j2").read_text().splitlines() if "{%" not in row]
    plain = "\n".join(
        row.replace("{{ found.host }}", "a.test") for row in rows if "{{" not in row or "found.host" in row
    )
    (environments / "checklist.md").write_text(plain + "\n")
    gates = (templates / "gates.toml.j2").read_text().replace("{{ start.name }}", "staging")
    (environments / "gates.toml").write_text(re.sub(r"\{\{.*?\}\}", "", gates))
    (tmp_path / "checks/catalogue.toml").write_text((templates / "catalogue.toml.j2").read_text())
    (tmp_path / "checks/test_own.py").write_text((templates / "test_own.py.j2").read_text())
    (tmp_path / "list.md").write_text("# Ours\n- [ ] Backups are restored\n")
    promised = {one.key: one.promise for one in COMPONENTS}
    used = "".join(f"- [ ] {promised[name]} <!-- data.{name} attest=operations -->\n" for name in ("mysql", "kafka"))
    theirs = "- [ ] Our own promise <!-- data.ours attest=operations -->\n"
    assert not is_untouched(plain.replace("### Data\n", f"### Data\n{theirs}"), "checklist.md")
    assert is_untouched(plain, "checklist.md")
    assert is_untouched(plain.replace("### Data\n", f"### Data\n{used}"), "checklist.md")
    assert not is_untouched(plain.replace("- [ ] The latest", "- [ ] The last"), "checklist.md")
    assert not is_untouched(f"{plain}\n- [ ] Ours <!-- ours -->\n", "checklist.md")
    assert not is_untouched((team / "environments/checklist.md").read_text(), "checklist.md")
    done = called(tmp_path, "checklist", "import", "list.md")
    assert done.returncode == 0, done.stderr
    assert "one gate over the whole list now" in done.stdout
    assert "own-unknown-page proves no line now" in done.stdout
    assert "to be changed" not in done.stdout
    assert 'sections = ["*"]' in (environments / "gates.toml").read_text()
    assert "proves = []" in (tmp_path / "checks/catalogue.toml").read_text()
    (tmp_path / "other.md").write_text("# Theirs\n- [ ] Another\n")
    again = called(tmp_path, "checklist", "import", "other.md")
    assert again.returncode == 2
    assert "would vanish" in again.stderr
