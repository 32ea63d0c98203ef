"""``make docs``: writes docs/coverage.md, what proves each line of the checklist, which a test compares with the code."""

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
_HEAD = """# What proves each line of the checklist

This page has every line of [the list](../environments/checklist.md) that has its own box and is not a statement of the
sign-off. For each line it names

- the checks that prove it, and the checks that are related to it but do not tick it;
- the people who may attest it; and
- the faults of the bundled reference environment that make the line untrue. Tests switch each of them on, and see that the
  line is not ticked then (`make lies`, and one by one in `make faults`).

{lies} faults make {told} of {leaves} lines untrue. [What is not proved](not-proved.md) gives the reason for each of the other
{rest}. `make docs` writes this page from the catalogues, the faults and `tests/faults/lies.toml`; a test compares it.
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
        yield f"attested by: {' or '.join(line.attest)}{'' if proofs else ' (no check proves it)'}"
    if says := [name for name, policy in suite.catalogue.items() if line.id in policy.supports]:
        yield f"related checks, which do not tick it: {', '.join(f'`{check}`' for check in says)}"
    if lies := LIES.get(line.id):
        yield f"tested as untrue when {'; or '.join(breaks[lie] for lie in lies)}"
    if lies := OVER_TIME.get(line.id):
        yield f"tested as untrue during a watch when {'; or '.join(breaks[lie] for lie in lies)}"
    if why := not_proved().get(line.id):
        yield f"not tested as untrue: {why}"


if __name__ == "__main__":
    PAGE.write_text(rendered(), encoding="utf-8")
