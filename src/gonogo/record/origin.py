"""Which gonogo made a record, and whether what differs in it is damage or another gonogo's way to say or judge it.

A record names the version and the code that made it, and the statement beside it has the digest of its bytes. Neither is
signed: they tell an honest reader what happened, and make nothing true. Whatever a verdict rests on is computed again, and
refused where it differs, whoever made it.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import gonogo
from gonogo.record.results import Results
from gonogo.record.run_folder import RESULTS, STATEMENT

DAMAGED = "the file was damaged or edited: restore the run, or run again"
_SHOWN = 12
_LEFT_OUT = "__pycache__"


@cache
def program_digest() -> str:
    """SHA-256 over gonogo's own code and templates, in hex. Checks have a digest of their own."""
    root = Path(gonogo.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file() and _LEFT_OUT not in path.parts:
            digest.update(f"{path.relative_to(root).as_posix()}\n".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def made_elsewhere(results: Results) -> bool:
    """Whether another version of gonogo made the record, or other code of this one; older records do not name theirs."""
    return results.run.gonogo != gonogo.__version__ or results.provenance.program != program_digest()


def may_say_otherwise(folder: Path, results: Results) -> bool:
    """Whether other words than ours are no damage: another gonogo's, in the bytes that it wrote."""
    return made_elsewhere(results) and is_as_written(folder)


def blamed(folder: Path, results: Results, problem: str) -> str:
    """What somebody reads of a ``problem``: whose it is, and the cure."""
    if not may_say_otherwise(folder, results):
        return f"{problem}; {DAMAGED}"
    before = _named(results.run.gonogo, results.provenance.program)
    return (
        f"{problem}; but nothing shows that it was changed: its digest is the one in the statement beside it, and another "
        f"gonogo made it ({before}; this is {_named(gonogo.__version__, program_digest())}). Read it with that one, or run again"
    )


def is_as_written(folder: Path) -> bool:
    """Whether the results have the digest that the statement beside them gives; without a statement nobody knows."""
    try:
        subjects = json.loads((folder / STATEMENT).read_bytes())["subject"]
        named = {subject["name"]: subject["digest"].get("sha256") for subject in subjects}
        return bool(named[RESULTS] == hashlib.sha256((folder / RESULTS).read_bytes()).hexdigest())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return False


def _named(version: str, program: str) -> str:
    return f"{version}, code {program[:_SHOWN]}" if program else f"{version}, whose code it does not name"
