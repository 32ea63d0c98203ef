"""Reads the files of variables: who else may, what is in them, whether git knows them, and what two of them share."""

import asyncio
import hmac
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations, permutations
from pathlib import Path
from urllib.parse import unquote

from gonogo.base.errors import Unobserved
from gonogo.base.secrets import Secrets
from gonogo.environment.model import Environment
from gonogo.evidence.base import Scope
from gonogo.evidence.variables import SameAccount, Shared, VariableDifferenceEvidence, VariableFileEvidence
from gonogo.families.kind import Probe
from gonogo.families.repository.git import commits_with, incomplete, top_level, tracked
from gonogo.families.variables.databases import DATABASES, database_of, is_one_host, may_be_one
from gonogo.families.variables.dialects import READERS
from gonogo.families.variables.dotenv_file import read_dotenv
from gonogo.families.variables.section import Variables
from gonogo.families.variables.shapes import account, variable


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableFileQuestion:
    """One file, and what should be in it."""

    name: str
    path: str
    mode: str
    dialect: str = "dotenv"
    repository: str
    shapes: Mapping[str, str]

    @property
    def scope(self) -> Scope:
        """The name of the environment that it is for."""
        return "variables", self.name

    @property
    def host(self) -> str:
        """This machine."""
        return "variables"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariableDifferenceQuestion:
    """All files, and what no two of them may share."""

    files: Mapping[str, tuple[str, str]]
    """Name of the environment to path and dialect."""
    names: tuple[str, ...]
    databases: tuple[str, ...] = ()
    """Variables that hold the URL of a database."""

    @property
    def scope(self) -> Scope:
        """One record is about all variables, so its scope has no further part."""
        return ("variables",)

    @property
    def host(self) -> str:
        """This machine."""
        return "variables"


def variable_file_questions(environment: Environment, secrets: Secrets) -> Sequence[VariableFileQuestion]:
    """Every declared file."""
    del secrets
    section = environment.section(Variables)
    if section is None:
        return []
    return [
        VariableFileQuestion(
            name=name,
            path=file.path,
            mode=file.mode,
            dialect=file.dialect,
            repository=section.repository,
            shapes=section.shapes,
        )
        for name, file in section.files.items()
    ]


def variable_difference_questions(environment: Environment, secrets: Secrets) -> Sequence[VariableDifferenceQuestion]:
    """One, where there are two files, and something to compare."""
    del secrets
    section = environment.section(Variables)
    if section is None or len(section.files) < 2 or not section.compared:  # noqa: PLR2004 - it takes two
        return []
    files = {name: (file.path, file.dialect) for name, file in section.files.items()}
    databases = tuple(name for shape in DATABASES for name in section.named(shape) if name not in section.same)
    return [VariableDifferenceQuestion(files=files, names=section.compared, databases=databases)]


async def probe_variable_file(question: VariableFileQuestion) -> VariableFileEvidence:
    """Read one file, and ask git about it."""
    return await asyncio.to_thread(_file, question)


async def probe_variable_difference(question: VariableDifferenceQuestion) -> VariableDifferenceEvidence:
    """Compare what must differ."""
    return await asyncio.to_thread(_difference, question)


def _file(question: VariableFileQuestion) -> VariableFileEvidence:
    """Read one file of variables, and note what of it matters without any of its values."""
    taken_at = datetime.now(UTC)
    path = Path(question.path)
    file = read_dotenv(path, question.dialect)
    evidence = VariableFileEvidence(
        scope=question.scope,
        taken_at=taken_at,
        file=path.name,
        mode=question.mode,
        exists=file.exists,
        problem=file.problem,
        permissions=f"{file.mode:04o}" if file.exists else "",
        owner=file.owner,
        world_readable=bool(file.mode & (stat.S_IROTH | stat.S_IWOTH)),
        group_writable=bool(file.mode & stat.S_IWGRP),
        reader=READERS[question.dialect],
        malformed_lines=file.content.malformed_lines,
        quoted=file.content.quoted,
        duplicates=file.content.duplicates,
        undefined=file.content.undefined,
        variables=tuple(variable(name, shape, file.values.get(name)) for name, shape in question.shapes.items()),
        account=_account(question.shapes, file.values),
    )
    return _with_history(evidence, question.repository)


def _account(shapes: Mapping[str, str], values: Mapping[str, str]) -> SameAccount:
    of_shape = {shape: values.get(name, "") for name, shape in shapes.items()}
    return account(of_shape.get("stripe-secret", ""), of_shape.get("stripe-publishable", ""))


def _with_history(evidence: VariableFileEvidence, repository: str) -> VariableFileEvidence:
    """The evidence with what git knows about files of this name, or with why git could not be asked."""
    try:
        root = top_level(Path(repository))
        return replace(
            evidence,
            history_problem=incomplete(root),
            tracked=tuple(tracked(root, evidence.file)),
            commits=commits_with(root, evidence.file),
        )
    except Unobserved as error:
        return replace(evidence, repository_problem=f"{error.reason}; {error.hint}" if error.hint else error.reason)


def _difference(question: VariableDifferenceQuestion) -> VariableDifferenceEvidence:
    taken_at = datetime.now(UTC)
    values = {name: read_dotenv(Path(path), dialect).values for name, (path, dialect) in question.files.items()}
    databases = list(_databases(question.databases, values))
    return VariableDifferenceEvidence(
        scope=question.scope,
        taken_at=taken_at,
        files=tuple(values),
        compared=question.names,
        missing=tuple(f"{file}: {name}" for name in question.names for file in values if not values[file].get(name)),
        shared=(*_shared(question.names, values), *_shared_otherwise(question.names, values)),
        databases=tuple(one for one, is_one in databases if is_one),
        untold=tuple(dict.fromkeys(one.name for one, is_one in databases if not is_one)),
    )


def _shared(names: Sequence[str], values: Mapping[str, Mapping[str, str]]) -> Iterator[Shared]:
    """Compared in memory: not even a digest of a value is kept."""
    for name in names:
        for pair in combinations(values, 2):
            first, other = (values[file].get(name, "") for file in pair)
            if _same(first, other):
                yield Shared(name=name, files=pair)
            elif _same(_password(first), _password(other)):
                yield Shared(name=f"the password in {name}", files=pair)


def _shared_otherwise(names: Sequence[str], values: Mapping[str, Mapping[str, str]]) -> Iterator[Shared]:
    """One secret under two names: whoever pasted it twice."""
    for pair in combinations(values, 2):
        for name, other in permutations(names, 2):
            if _same(*(values[file].get(key, "") for file, key in zip(pair, (name, other), strict=True))):
                yield Shared(name=f"{name} of the one, as {other} of the other,", files=pair)


def _databases(names: Sequence[str], values: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[Shared, bool]]:
    """URLs of two files that lead to the same place, by whatever user, or may do so; and whether they certainly do."""
    for name in names:
        for pair in combinations(values, 2):
            first, other = (database_of(values[file].get(name, "")) for file in pair)
            if both := first & other:
                yield Shared(name=name, files=pair), any(is_one_host(host) for host, *_ in both)
            elif may_be_one(first, other):
                yield Shared(name=name, files=pair), False


def _same(first: str, other: str) -> bool:
    return bool(first) and hmac.compare_digest(first.encode(), other.encode())


def _password(value: str) -> str:
    """The password of a URL, wherever it leads to; empty for anything else."""
    credentials, marked, _ = value.partition("://")[2].partition("/")[0].rpartition("@")
    return unquote(credentials.partition(":")[2]) if marked else ""


PROBES: Mapping[str, Probe] = {
    "variable_file": Probe(questions=variable_file_questions, ask=probe_variable_file),
    "variable_difference": Probe(questions=variable_difference_questions, ask=probe_variable_difference),
}
