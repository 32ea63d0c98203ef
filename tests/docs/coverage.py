"""``make docs``: writes docs/coverage.md, what each line of the checklist rests on, which a test compares with the code."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from gonogo.planning.gate_demands import read_list
from gonogo.planning.suite import Suite, project_suite
from gonogo.policy.checklist_line import ChecklistLine, proving
from gonogo.runs.reference_instance import known_faults
from tests.docs.blocks import ROOT
from tests.faults.lies import LIES, OVER_TIME

PAGE = ROOT / "docs" / "coverage.md"
NOT_PROVED = ROOT / "docs" / "not-proved.md"
_ROW = re.compile(r"^\| `(?P<line>[a-z0-9.-]+)` \| (?P<why>.+) \|$", re.MULTILINE)
_HEAD = """# What each line of the checklist rests on

Every line of [the list](../environments/checklist.md) that has a box of its own and is no statement of the sign-off: the checks
that prove it, those that say something about it and tick nothing, and the untruths that were told to the bundled reference
environment to see that it is not ticked then (`make lies`, and alone in `make faults`). `make docs` writes this page from
the catalogues, the faults and `tests/faults/lies.toml`; a test compares it.

{lies} untruths are told about {told} of {leaves} lines. [What is not proved](not-proved.md) says why, of the other {rest}.
"""


def not_proved() -> Mapping[str, str]:
    """Line to the reason why no untruth about it is told, as docs/not-proved.md has it."""
    return {row["line"]: row["why"] for row in _ROW.finditer(NOT_PROVED.read_text(encoding="utf-8"))}


def leaves() -> Sequence[ChecklistLine]:
    """The leaves of the list but for the statements of its sign-off, which rest on the others."""
    checklist, gates = read_list(ROOT)
    statements = {statement for role in gates.roles.values() for statement in role.statements}
    return [line for line in checklist.lines if line.leaf and line.id not in statements]


def rendered() -> str:
    """The whole page."""
    suite = project_suite(ROOT)
    breaks = {fault["name"]: fault["breaks"] for fault in known_faults()}
    everything = leaves()
    told = {line for table in (LIES, OVER_TIME) for line in table}
    lies = {lie for table in (LIES, OVER_TIME) for several in table.values() for lie in several}
    numbers = {"lies": len(lies), "told": len(told), "leaves": len(everything), "rest": len(everything) - len(told)}
    sections = itertools.groupby(everything, key=lambda line: " / ".join(line.section[1:]))
    body = (
        f"\n## {heading}\n" + "".join(f"\n{_entry(line, suite, breaks)}" for line in lines)
        for heading, lines in sections
    )
    return _HEAD.format(**numbers) + "".join(body)


def _entry(line: ChecklistLine, suite: Suite, breaks: Mapping[str, str]) -> str:
    return f"**{line.text}** `{line.id}`\n\n" + "".join(f"- {fact}\n" for fact in _facts(line, suite, breaks))


def _facts(line: ChecklistLine, suite: Suite, breaks: Mapping[str, str]) -> Iterator[str]:
    proofs = proving(line, {name: policy.proves for name, policy in suite.catalogue.items()})
    if proofs:
        yield f"proved by: {'; '.join(f'{suite.catalogue[check].shown_title} (`{check}`)' for check in proofs)}"
    if line.attest:
        yield f"attested by: {' or '.join(line.attest)}{'' if proofs else ', since no check proves it'}"
    if says := [name for name, policy in suite.catalogue.items() if line.id in policy.supports]:
        yield f"beside it, and ticking nothing: {', '.join(f'`{check}`' for check in says)}"
    if lies := LIES.get(line.id):
        yield f"untrue, and seen so, when {'; or '.join(breaks[lie] for lie in lies)}"
    if lies := OVER_TIME.get(line.id):
        yield f"untrue, and seen so by a watch, when {'; or '.join(breaks[lie] for lie in lies)}"
    if why := not_proved().get(line.id):
        yield f"no untruth is told: {why}"


if __name__ == "__main__":
    PAGE.write_text(rendered(), encoding="utf-8")
