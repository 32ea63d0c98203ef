"""Whether a run's folder is what was recorded: its files, the page, every outcome, and the policy it was judged by."""

import hashlib
import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from gonogo.base.errors import IntegrityError, UsageError
from gonogo.families.registry import read_environment
from gonogo.planning.demands import papers, papers_digest
from gonogo.planning.digests import expectations_digest
from gonogo.policy.attestations import Attestation, changed_evidence, read_attestations
from gonogo.record.archive import read_results
from gonogo.record.results import Results
from gonogo.record.run_folder import EVIDENCE, RESULTS
from gonogo.report.files import derived
from gonogo.runs.replay import differences, judged_again
from gonogo.signing.bundle import SUFFIXES

SEALED = "sealed.html"
_LARGEST_FILE = 256 * 1024 * 1024


def signatures(folder: Path) -> list[Path]:
    """The files of signatures."""
    return sorted(path for path in folder.iterdir() if path.name.endswith(tuple(SUFFIXES.values())))


def run_files(folder: Path) -> Mapping[str, str]:
    """Name to SHA-256 of everything in the folder that is signed. Raises IntegrityError for what may not be there."""
    found: dict[str, str] = {}
    signed = {path.name for path in signatures(folder)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            raise IntegrityError(f"{name}: is a symbolic link; a run's files are files")
        if path.is_dir() or name in signed:
            continue
        if not path.is_file() or path.stat().st_size > _LARGEST_FILE:
            raise IntegrityError(f"{name}: is no file of a run")
        if name == SEALED:  # made of the signatures, so none of them can hold it
            continue
        found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def check_run(folder: Path, project: Path) -> Results:
    """The results, once everything that can be computed again was, and is the same. Raises IntegrityError."""
    results = read_results(folder / RESULTS)
    if not (folder / EVIDENCE).is_file():
        raise IntegrityError(f"{EVIDENCE}: is missing; without it nothing can be judged again")
    # Two things of about the same length that share nothing: somebody is waiting for them.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as other:
        written = other.submit(_check_written, folder, results)
        again = judged_again(folder, project)
        written.result()
    if found := differences(results, again):
        raise IntegrityError(f"the evidence does not give what results.json says: {found[0]}")
    if (mine := again.provenance) != results.provenance:
        names = [
            name
            for name in ("catalogue", "checks", "environment", "policy", "notes")
            if getattr(mine, name) != getattr(results.provenance, name)
        ]
        raise IntegrityError(
            f"the run was judged by another policy than the one that is here: {', '.join(names)} differ"
        )
    _check_policy(results, project)
    return results


def _check_written(folder: Path, results: Results) -> None:
    """The results as gonogo writes them, and every file that is a function of them."""
    if (folder / RESULTS).read_bytes() != results.content:
        raise IntegrityError(f"{RESULTS}: is not in the form that gonogo writes; it was edited")
    for name, content in derived(results).items():
        path = folder / name
        if not path.is_file():
            raise IntegrityError(f"{name}: is missing")
        if path.read_bytes() != content:
            raise IntegrityError(f"{name}: is not what results.json gives; it was edited, or made by another gonogo")


def _check_policy(results: Results, project: Path) -> None:
    """The list, the gates, the attestations, the waivers and the environment file, as they are in the project now."""
    run = results.run
    try:
        file = read_environment(run.environment, project=project)
    except UsageError as error:
        raise IntegrityError(f"the policy cannot be compared: {error}") from None
    root = papers(project, bundled=file.environment.service.bundled)
    attested = _attested(root, run.environment) if root else []
    if papers_digest(root or project, run.environment, attested) != results.provenance.policy:
        raise IntegrityError(
            next(changed_evidence(attested), "")
            or "the checklist, the gates, the people, the attestations or the waivers are not those that the run was "
            "judged by; check out the commit of the run, or run again"
        )
    if file.environment.service.bundled or run.gate == "load":
        return  # what only the started instance, or the command line, knew is in evidence.json
    if expectations_digest(file.environment) != results.provenance.environment:
        raise IntegrityError(f"{file.path.name}: is not the environment file that the run was judged by")


def _attested(root: Path, environment: str) -> Sequence[Attestation]:
    """What people attested, with the evidence as it is now. Raises IntegrityError."""
    try:
        return read_attestations(root, environment)
    except UsageError as error:
        raise IntegrityError(f"what people attested is not what it was: {error}") from None
