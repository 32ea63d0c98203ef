"""A checklist written back as text: ticked, with notes, with ids; every other byte stays as it was."""

import re
import unicodedata

from gonogo.policy.checklist import BOX, Checklist, plain_heading
from gonogo.policy.checklist_line import COMMENT, ChecklistLine


def ticked(checklist: Checklist, ticked_ids: frozenset[str], notes: dict[str, str] | None = None) -> str:
    """Tick exactly these lines of the text; ``notes`` go to the end of a line, before its comment."""
    by_number = {line.number: line for line in checklist.lines}
    ends = re.split(r"(\r\n|\n|\r)", checklist.source)
    for number, line in by_number.items():
        at = 2 * (number - 1)
        mark = "x" if line.id in ticked_ids else " "
        ends[at] = BOX.sub(lambda box, mark=mark: f"{box['before']}{mark}{box['after']}", ends[at], count=1)
        if notes and line.id in notes:
            ends[at] = _noted(ends[at], notes[line.id])
    return "".join(ends)


def identified(checklist: Checklist) -> str:
    """Give every line without an id one, made of its heading and its own words."""
    taken = {line.id for line in checklist.lines}
    ends = re.split(r"(\r\n|\n|\r)", checklist.source)
    for line in checklist.lines:
        if not line.id:
            identifier = _new_id(line, taken)
            taken.add(identifier)
            at = 2 * (line.number - 1)
            ends[at] = f"{ends[at].rstrip()} <!-- {identifier} -->"
    return "".join(ends)


def _noted(row: str, note: str) -> str:
    match = COMMENT.search(row)
    at = match.start() if match else len(row.rstrip())
    return f"{row[:at]} {note}{row[at:]}"


def _new_id(line: ChecklistLine, taken: set[str]) -> str:
    heading = "-".join(_words(plain_heading(line.section[-1]))[:2]) if line.section else "line"
    own = "-".join(_words(line.text)[:6]) or f"line-{line.number}"
    wanted, number = f"{heading or 'line'}.{own}", 2
    while wanted in taken:
        wanted, number = f"{heading or 'line'}.{own}-{number}", number + 1
    return wanted


def _words(text: str) -> list[str]:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.findall(r"[a-z0-9]+", ascii_only)
