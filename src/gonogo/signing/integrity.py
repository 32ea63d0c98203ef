"""Whether a run's folder is what was recorded: its files, the page, every outcome, and the policy it was judged by."""

import hashlib
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

from gonogo.base.errors import IntegrityError
from gonogo.record.archive import read_results
from gonogo.record.identity import Provenance
from gonogo.record.origin import DAMAGED, blamed
from gonogo.record.results import Results
from gonogo.record.run_folder import EVIDENCE, RESULTS, SEALED
from gonogo.runs.belonging import refuse_cut_off
from gonogo.runs.replay import Replayed, differences, replayed_run
from gonogo.signing.bundle import SUFFIXES
from gonogo.signing.policy import check_policy
from gonogo.signing.repeating import said_otherwise

_LARGEST_FILE = 256 * 1024 * 1024


def signatures(folder: Path) -> list[Path]:
    """The files of signatures. Raises IntegrityError for what is no file: nobody waits for the end of a pipe."""
    paths = sorted(path for path in folder.iterdir() if path.name.endswith(tuple(SUFFIXES.values())))
    for path in paths:
        if path.is_symlink() or not path.is_file():
            raise IntegrityError(f"{path.name}: is not a regular file; a signature must be one")
    return paths


def run_files(folder: Path) -> Mapping[str, str]:
    """Name to SHA-256 of everything in the folder that is signed. Raises IntegrityError for what may not be there."""
    digests: dict[str, str] = {}
    signed = {path.name for path in signatures(folder)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise IntegrityError(f"{name}: is a symbolic link; files of a run must be regular files")
        if path.is_dir() or name in signed:
            continue
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            raise IntegrityError(f"{name}: is not a regular file, or is larger than {_LARGEST_FILE // 1024**2} MiB")
        if name == SEALED:  # made of the signatures, so none of them can hold it
            continue
        digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


def check_run(folder: Path, project: Path, *, earlier: bool = False) -> Results:
    """The results, once everything that can be computed again was, and is the same. Raises IntegrityError.

    ``earlier``: the run is one before the last, and people may have attested further lines since.
    """
    _check_shape(folder)
    results = read_results(folder / RESULTS)
    refuse_cut_off(folder, results)
    if hashlib.sha256((folder / EVIDENCE).read_bytes()).hexdigest() != results.provenance.evidence:
        raise IntegrityError(f"{EVIDENCE}: is not the file that {RESULTS} was computed from")
    replayed = _both_at_once(folder, results, project)
    again = replayed.results
    if again.provenance.program != results.provenance.program:
        raise IntegrityError(f"{RESULTS}: names a different version of gonogo's code than {EVIDENCE} does; {DAMAGED}")
    if (mine := _as_kept(again.provenance, results.provenance)) != results.provenance:
        names = [
            name
            for name in ("catalogue", "checks", "environment", "policy", "notes", "rules")
            if getattr(mine, name) != getattr(results.provenance, name)
        ]
        raise IntegrityError(
            f"the run was judged by a different policy than this project has now: {', '.join(names)} differ; "
            "check out the commit of the run, or run again"
        )
    if disagreements := differences(results, again) or list(islice(said_otherwise(results, again), 1)):
        blame = blamed(folder, results, disagreements[0])
        raise IntegrityError(f"the evidence does not give what {RESULTS} says: {blame}")
    check_policy(results, replayed, project, earlier=earlier)
    return results


def _as_kept(again: Provenance, recorded: Provenance) -> Provenance:
    """The origin as a record of that age has it: older ones kept digests, and not the rules by their keys."""
    return again if recorded.rules else replace(again, rules={})


def _check_shape(folder: Path) -> None:
    """Everything that is read of a run is a regular file. Raises IntegrityError."""
    for name in (RESULTS, EVIDENCE):
        if not (folder / name).exists():
            raise IntegrityError(f"{name}: is missing; without it the run cannot be judged again")
    for path in sorted(folder.rglob("*")):
        if not (path.is_symlink() or path.is_dir() or path.is_file()):
            raise IntegrityError(f"{path.relative_to(folder).as_posix()}: is not a regular file")
    for name in (RESULTS, EVIDENCE, SEALED):
        if (folder / name).is_dir() or (folder / name).is_symlink():
            raise IntegrityError(f"{name}: is not a regular file; files of a run must be regular files")


def _both_at_once(folder: Path, results: Results, project: Path) -> Replayed:
    """The run judged again, and its files compared: two things of about the same length that share nothing."""
    try:
        other = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    except (OSError, ImportError):  # a container without /dev/shm has no semaphores: one after the other, then
        _check_written(folder, results)
        return replayed_run(folder, project)
    with other:
        written = other.submit(_check_written, folder, results)
        replayed = replayed_run(folder, project)
        written.result()
    return replayed


def _check_written(folder: Path, results: Results) -> None:
    """The results as gonogo writes them, and every file that is a function of them."""
    from gonogo.report.files import derived  # noqa: PLC0415 - only in the process that compares them

    if (folder / RESULTS).read_bytes() != results.content:
        raise IntegrityError(f"{RESULTS}: {blamed(folder, results, 'is not in the form that gonogo writes')}")
    for name, content in derived(results).items():
        path = folder / name
        if not path.is_file():
            raise IntegrityError(f"{name}: is missing; restore the run, or run again")
        if path.read_bytes() != content:
            raise IntegrityError(f"{name}: {blamed(folder, results, f'is not what gonogo makes from {RESULTS}')}")
