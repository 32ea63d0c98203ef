"""Looks for values of ours, and for keys of anybody's, in every line of a repository."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gonogo.base.redaction import Redactor
from gonogo.evidence.repository import SecretFinding
from gonogo.families.repository.key_patterns import bare, is_allowed, keys_in
from gonogo.families.repository.lines import MatchedLine

_TOGETHER = 64 * 1024
"""Characters that are looked through at once; line by line only where something was found."""
MOST_FINDINGS = 50
_MOST_KEPT = 10_000


@dataclass(slots=True, kw_only=True)
class Scan:
    """The findings so far. Begin with the work tree: its pragmas speak for older commits too."""

    known: Mapping[str, str] = field(repr=False)
    _redactor: Redactor = field(init=False, repr=False)
    _findings: dict[tuple[str, str, int], SecretFinding] = field(default_factory=dict)
    _allowed: set[tuple[str, str]] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self._redactor = Redactor(self.known)

    def look(self, lines: Iterable[MatchedLine]) -> Iterator[int]:
        """Look through these; gives the number of characters after every part, for whoever watches the clock."""
        part: list[MatchedLine] = []
        size = 0
        for line in lines:
            part.append(line)
            size += len(line.text) + 1
            if size >= _TOGETHER:
                self._look_at(part)
                yield size
                part, size = [], 0
        self._look_at(part)
        yield size

    def findings(self) -> tuple[list[SecretFinding], int]:
        """The first of them, values of ours before shapes; and how many there are beyond."""
        ordered = sorted(
            self._findings.values(), key=lambda finding: (not finding.known, finding.commit, finding.file, finding.line)
        )
        return ordered[:MOST_FINDINGS], max(len(ordered) - MOST_FINDINGS, 0)

    def _look_at(self, lines: list[MatchedLine]) -> None:
        text = "\n".join(line.text for line in lines)
        ours = bool(self._redactor.names_in(text))
        shaped = any(True for _ in keys_in(text))
        for index, line in enumerate(lines) if ours or shaped else ():
            for name in sorted(self._redactor.names_in(line.text)) if ours else ():
                self._add(line, name, is_value=True)
            if shaped:
                self._look_for_keys(line, lines[index - 1] if index else None)

    def _look_for_keys(self, line: MatchedLine, before: MatchedLine | None) -> None:
        previous = before.text if before and before.file == line.file and before.number == line.number - 1 else ""
        kinds = list(keys_in(line.text))
        if not kinds:
            return
        vouched = (line.file, bare(line.text))
        if is_allowed(line.file, line.text, previous):
            self._allowed.add(vouched)
        elif vouched not in self._allowed:
            for kind in kinds:
                self._add(line, kind, is_value=False)

    def _add(self, line: MatchedLine, subject: str, *, is_value: bool) -> None:
        file = self._redactor.text(line.file)
        # History comes newest first: the commit that stays is the oldest.
        key = (subject, file, -1 if line.commit else line.number)
        if key in self._findings or len(self._findings) < _MOST_KEPT:
            finding = SecretFinding(what=subject, known=is_value, file=file, line=line.number)
            self._findings[key] = replace(finding, commit=line.commit)
