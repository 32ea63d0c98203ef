"""Whatever looks like a task and is not counted is told with its line: a line that is lost is never missed."""

import time

import pytest

from gonogo.base.errors import UsageError
from gonogo.policy.checklist import parse_checklist

FIRST = "# List\n- [ ] First <!-- a.first -->\n"


def refused(row: str) -> str:
    """Why a list with this line is none; empty: it is one."""
    try:
        parse_checklist(f"{FIRST}{row}\n", "c.md")
    except UsageError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "row",
    [
        "- [] None <!-- a.b -->",
        "-[ ] Tight",
        "- [ ]Tight",
        "- [x]Tight",
        "- [x ] Wide",
        "- [ x] Wide",
        "- [  ] Wide",
        "- [\u00a0] Hard blank",
        "- [\u3000] Wide blank",
        "- [✓] Tick",
        "- [✔] Tick",
        "- [v] Letter",
        "- [o] Letter",
        "- [-] Dropped",
        "- [~] Half",
        "- [/] Half",
        "- [>] Later",
        "- [!] Important",
        "- [_] Line",
        "- [\u0445] Another script's letter",
        "- [\uff58] A wide letter",
        "- [\u200b] Nothing to be seen",
        "- [\u2060] Nothing to be seen",
        "- […] Underway",
        "- [?] Unknown",
        "- [OK] Word",
        "- [n] Letter",
        "- &#9744; Entity",
        "- &#x5b; ] Entity",
        "- [&nbsp;] Entity",
        "- \u3010 \u3011 Other brackets",
        "- \u27e6x\u27e7 Other brackets",
        "- ❏ Another square",
        "- ⬛ Another square",
        "- :white_large_square: Square by its name",
        "- :heavy_check_mark: Done, by its name",
        "- [:x:] Not done, by its name",
        "- [ ] Two :white_large_square: on one line <!-- a.two -->",
        "- [done] Word",
        "- [TODO] Word",
        "- [n/a] Word",
        "- - [ ] A list in a list",
        "1. - [ ] A list in a list",
        "- [ ] Two [x] on one line <!-- a.two -->",
        "- \\[ ] Escaped",
        "- \\[ \\] Escaped",
        "- [ Never closed",
        "- ] Never opened",
        "- ( ) Round",
        "- (x) Round",
        "- { } Curly",
        "- \uff3b \uff3d Full width",
        "* [] Star",
        "+ [] Plus",
        "1. [] Number",
        "2) [x ] Number",
        "• [ ] Bullet",
        "· [ ] Dot",
        "\u2013 [ ] Dash",
        "[ ] No bullet",
        "  [ ] No bullet, further in",
        "> [ ] Quoted",
        "## [ ] Heading",
        "**[ ] Bold**",
        "- **[ ] Bold**",
        "☐ Ballot box",
        "- ☐ Ballot box",
        "- ☑ Ballot box",
        "☒ Ballot box",
        "- □ Square",
        "- ⬜ Square",
        "- ✅ Done",
        "- ❌ Not done",
        "- TODO restore a backup",
        "1. FIXME restore a backup",
        "| [ ] | Table |",
        "| Table | [x] |",
        "| Table | ☐ |",
        "Table | [ ]",
        "| Restore <!-- a.restore --> | yes |",
        '<input type="checkbox"> HTML',
        '- <input disabled type="checkbox"> HTML',
        "- [ ] Two [ ] on one line <!-- a.two -->",
        "- [ ] Two ☐ on one line <!-- a.two -->",
        "- [ ]",
        "- [ ] <!-- a.wordless -->",
        "Text goes on, [ ] and a box in it",
        "<details>\n- [ ] Raw HTML\n</details>",
        "<details><summary>More</summary>\n- [ ] Raw HTML <!-- a.raw -->\n\n</details>",
        "<ul><li>[ ] HTML</li></ul>",
        "<!-- a note --> - [ ] After a comment",
        "<!-- agreed with Ana ->\n\n- [ ] In a comment whose end is not one <!-- a.comment -->",
        "<!--\n- Without a box, and with an id <!-- people.said attest=lead -->",
        "<!--\nagreed with Ana\n- [ ] In a comment without an end of its own <!-- a.comment -->\n\nwords <!-- a note -->",
        "```\n- [ ] In a fence that never ends <!-- a.fence -->",
        "~~~text\n- [ ] In a fence that never ends",
        "<!--\n- [ ] In a comment that never ends",
    ],
)
def test_boxes_that_are_none(row: str) -> None:
    """As people write them; GitHub shows no box there, or a box that nobody counts."""
    assert refused(row).startswith("c.md:"), row


@pytest.mark.parametrize(
    "row",
    [
        "- People said so <!-- people.said attest=lead -->",
        "- People said so <!-- people.said -->",
        "- People said so <!-- people -->",
        "1. People said so <!-- people-said checks=tls-expiry -->",
        "People said so <!-- people.said -->",
        "## People said so <!-- people.said attest=lead -->",
        "- People said so <!-- people.said --> (see the minutes)",
        "| People | <!-- people.said --> |",
        "> People said so <!-- people env=desk -->",
    ],
)
def test_ids_without_a_box(row: str) -> None:
    """The box was lost, and with it the line."""
    assert "c.md:3: " in refused(row)
    assert "id" in refused(row) or "table" in refused(row)


@pytest.mark.parametrize(
    "row",
    [
        "- [ ] Said <!-- a.said attest=lead --> <!-- a.seen checks=tls-expiry -->",
        "- [ ] <!-- a.said attest=lead --> Said <!-- todo -->",
        "- [ ] Said <!-- said attest=lead --><!-- a.seen -->",
    ],
)
def test_two_ids_of_one_line(row: str) -> None:
    """Only the last is read, and whoever must attest by the first is asked for nothing."""
    assert "c.md:3: a second id on this line" in refused(row)
    assert not refused("- [ ] Said <!-- todo --> <!-- a.said -->"), "a note of the team's own"


def test_comment_whose_end_is_none_names_its_beginning() -> None:
    """Two dashes end it; with one it goes on to the end of the next line's own comment, and hides that line."""
    refusal = refused("\n<!-- agreed with Ana ->\n\n- [ ] Backup restored <!-- service.backup -->")
    assert refusal == (
        "c.md:6: this line is in the comment that begins in line 4, which ends only with the line's own '-->'; end it "
        "before, with two dashes, or remove the line"
    )


@pytest.mark.parametrize(
    "hidden",
    [
        "<!--\n- [ ] People said so\n-->",
        "<!--\n- [ ] People said so <!-- people.said attest=lead -->\n-->",
        "```\n- [ ] People said so <!-- people.said -->\n```",
        "~~~\n- [ ] People said so\n~~~",
        "```text\n☐ People said so\n```",
        "- with a fence\n\n  ```\n  - [ ] People said so\n  ```",
        "<!-- people.said attest=lead -->",
        "<!-- - [ ] People said so -->",
    ],
)
def test_what_is_hidden_on_purpose_is_noted(hidden: str) -> None:
    """It may be meant; whoever signs should know that it is there."""
    checklist = parse_checklist(f"{FIRST}\n{hidden}\n\n- [ ] Last <!-- a.last -->\n", "c.md")
    assert [line.id for line in checklist.lines] == ["a.first", "a.last"]
    assert len(checklist.notes) == 1
    assert "is in a fence or a comment, so it is not counted" in checklist.notes[0]


@pytest.mark.parametrize(
    "row",
    [
        "Plain text, and `- [ ] a box in code`",
        "(`gonogo attest ID`). Text goes on.",
        "- a plain bullet",
        "- a [link](https://a.test) and a [reference][1]",
        "- [a link](https://a.test) at its beginning",
        "- [x](https://a.test) a link of one letter",
        "- [1] a citation",
        "- \u3010note\u3011 in other brackets",
        "- fish &amp; chips, 5 &lt; 6",
        "- :rocket: a new feature",
        "- [a] an enumeration",
        "- [Guide](https://a.test) a link",
        "- [Guide] a reference",
        "- [^1] a footnote",
        "[1]: https://a.test",
        "- (a) an enumeration",
        "| a | table |\n| - | - |\n| of | words |",
        "<!-- a comment -->",
        "<!-- TODO: write more -->",
        "<!-- markdownlint-disable MD013 -->",
        "text <!-- prettier-ignore -->",
        "***",
        "- ✨ a new feature",
        "## 🚀 Heading",
        "- [ ] Done ✅ <!-- a.done -->",
        "- [ ] `[ ]` in code <!-- a.code -->",
        "- [ ] a list [0] and a map {} <!-- a.code -->",
        "> - [ ] Quoted <!-- a.quoted -->",
        "<details>\n\n- [ ] Within <!-- a.within -->\n\n</details>",
        "```\nplain code\n```",
        "- [x] ~~struck~~ <!-- a.struck -->",
    ],
)
def test_what_is_no_task_is_left_alone(row: str) -> None:
    """A list with prose in it is still a list."""
    assert not refused(row)
    assert not parse_checklist(f"{FIRST}{row}\n", "c.md").notes


@pytest.mark.parametrize("character", ["-", "- ", "*", "[", "`", "<!--", "| ", "> ", "1. ", "#", " ", "\t"])
def test_long_lines_cost_no_time(character: str) -> None:
    """A ruler of dashes is in many a list, and a pattern that tries every way through it never ends."""
    begun = time.process_time()
    refused(character * 2_000 + "x")
    assert time.process_time() - begun < 20, "the time grows faster than the line"
