"""Evidence about a repository: where a secret stands in it, and never its value."""

from dataclasses import dataclass

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFinding:
    """A line of the work tree, or one that a commit added."""

    what: str
    """The variable that has this value, or the kind of key that it looks like."""
    known: bool
    """Whether the value is one of ours, and not only of the shape of a key."""
    file: str
    """Empty for the message of a commit."""
    line: int
    """Number of the line in the file, from 1."""
    commit: str = ""
    """Empty for the work tree; otherwise the oldest commit in which this file has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryEvidence(Evidence):
    """The work tree with what is not ignored, and every commit of every branch, tag and stash."""

    files: int
    """Number of files of the work tree that were read."""
    commits: int
    """Number of commits whose changes were searched."""
    known_values: int
    """How many values were looked for."""
    complete: bool
    reason: str = ""
    """Why it is not complete."""
    hint: str = ""
    findings: tuple[SecretFinding, ...] = ()
    more: int = 0
    """Findings beyond those that are listed."""
