"""Evidence about files of variables: facts that are derived from the values, and never a value."""

from dataclasses import dataclass
from enum import StrEnum

from gonogo.evidence.base import Evidence


class SameAccount(StrEnum):
    """Whether two Stripe keys are of one account."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"
    """Keys of the older form do not name their account, or one of the two is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a declared shape, as it stands in one file. Facts that the shape has no use for stay empty."""

    name: str
    shape: str
    present: bool
    """In the file, and not empty."""
    length: int = 0
    """Characters of the value; the value itself is never recorded."""
    entropy_bits: int = 0
    """An estimate, from above: characters used, but for words, repetitions and sequences."""
    placeholder: bool = False
    """``changeme``, ``<password>``, a word, the same again and again."""
    well_formed: bool = False
    """Only characters that such a value has, and enough of them."""
    prefix: str = ""
    """Known beginning of the value: ``mongodb+srv``, ``postgresql``, ``https``, ``sk``, ``whsec``."""
    mode: str = ""
    """Mode of a Stripe key: ``test`` or ``live``."""
    has_user: bool = False
    has_password: bool = False
    without_password: bool = False
    """It asks for a log-in by certificate, role or ticket, which has neither user nor password."""
    tls: bool = False
    tls_verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableFileEvidence(Evidence):
    """One file of variables: where it lies open, and what is in it."""

    file: str
    """The file's name, without the folders of the machine that it is on."""
    mode: str
    """That its Stripe keys must have, as declared."""
    exists: bool
    problem: str = ""
    """Why it could not be read as a file of variables."""
    permissions: str = ""
    """As chmod takes them, in octal digits."""
    owner: str = ""
    world_readable: bool = False
    group_writable: bool = False
    reader: str = "python-dotenv"
    """The program that reads it when the service starts."""
    malformed_lines: tuple[int, ...] = ()
    """Numbers of lines that its reader does not understand, from 1."""
    quoted: tuple[str, ...] = ()
    """Names of values whose quotes their reader takes for a part of them."""
    undefined: tuple[str, ...] = ()
    """As in ``MONGO_URL: PW``: a value refers to a name that the file does not define."""
    duplicates: tuple[str, ...] = ()
    """Names that stand there more than once."""
    variables: tuple[Variable, ...] = ()
    account: SameAccount = SameAccount.UNKNOWN
    """Tells whether the secret and the publishable Stripe key are of one account."""
    repository_problem: str = ""
    """Why git could not be asked; empty when it was."""
    history_problem: str = ""
    """Why its history is not all there is, although git could be asked."""
    tracked: tuple[str, ...] = ()
    """Paths of that name that git tracks now."""
    commits: int = 0
    """That touched a path of that name, in any branch, tag or stash."""

    def of_shape(self, shape: str) -> tuple[Variable, ...]:
        """The variables that are declared to have it."""
        return tuple(variable for variable in self.variables if variable.shape == shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A variable that has one value in several files."""

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableDifferenceEvidence(Evidence):
    """All the files together. Values are compared in memory; only who shares one is kept."""

    files: tuple[str, ...]
    compared: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """``FILE: NAME`` of those that could not be compared."""
    shared: tuple[Shared, ...] = ()
    databases: tuple[Shared, ...] = ()
    """URLs that lead to one database of one host, whoever logs in."""
    untold: tuple[str, ...] = ()
    """Variables whose URLs lead to one place in two files, by a name that is another host in each network, as localhost."""
