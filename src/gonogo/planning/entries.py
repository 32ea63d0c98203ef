"""Checks that an environment file declares: one function of a family is a check of its own for every entry.

Such a function is marked ``check("request-*")``. Its evidence has a scope for each entry, which ends with its name.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gonogo.environment.entry_check import EntryPolicy, EntrySection
from gonogo.environment.model import Environment
from gonogo.families.kind import EvidenceKind
from gonogo.planning.declarations import Declaration
from gonogo.policy.catalogue import CheckPolicy
from gonogo.policy.severity import Severity

ANY = "*"


def is_template(identifier: str) -> bool:
    """Whether the id stands for one check per entry."""
    return identifier.endswith(f"-{ANY}")


def entry_checks(
    template: Declaration, line: CheckPolicy, kinds: Mapping[str, EvidenceKind], environments: Iterable[Environment]
) -> Iterator[tuple[Declaration, CheckPolicy]]:
    """The check of each entry that these environments declare, as planning sees any other check."""
    kind = next(kinds[name] for name in template.arguments if name in kinds)
    entries = {
        name: entry
        for environment in environments
        for name, entry in _entries(getattr(environment, kind.section, None)).items()
    }
    for name, entry in entries.items():
        declaration = replace(
            template,
            id=template.id.removesuffix(ANY) + name,
            entry=name,
            fix=entry.fix or template.fix.replace("NAME", name),
        )
        yield declaration, line.model_copy(update=_policy(entry))


def _entries(section: object) -> Mapping[str, EntryPolicy]:
    """The entries of a section, or of a table of them, that are checks."""
    if isinstance(section, EntrySection):
        return section.entries
    table = section if isinstance(section, Mapping) else {}
    return {name: entry for name, entry in table.items() if isinstance(entry, EntryPolicy)}


def _policy(entry: EntryPolicy) -> Mapping[str, object]:
    """The policy of a check that an entry of the environment file makes, in place of a line in the catalogue."""
    return {
        "title": entry.check_title,
        "proves": entry.line,
        "supports": entry.supports,
        "severity": Severity(entry.check_severity),
        "effect": entry.effect_on_target,
    }
