"""The page with the signatures on it: made from the run and its bundles alone, so that anybody can make it again."""

from collections.abc import Mapping
from pathlib import Path

from gonogo.base.errors import IntegrityError
from gonogo.record.results import Results
from gonogo.record.run_folder import SEALED
from gonogo.signing.bundle import SUFFIXES, SignOff


def sealed(folder: Path, results: Results, decisions: Mapping[str, SignOff]) -> bytes:
    """The bytes of ``sealed.html``; the decisions, by role, have been verified."""
    from gonogo.report.html import ShownSignature, render_signoff  # noqa: PLC0415 - few runs are sealed when they are verified

    shown = [
        ShownSignature(
            role=signoff.role,
            signer=signoff.signer,
            decision=signoff.decision,
            comment=signoff.comment,
            time=signoff.time,
            file=next(f"{role}{suffix}" for suffix in SUFFIXES.values() if (folder / f"{role}{suffix}").is_file()),
        )
        for role, signoff in sorted(decisions.items())
    ]
    return render_signoff(results, signatures=shown)


def check_seal(folder: Path, results: Results, decisions: Mapping[str, SignOff]) -> None:
    """If such a page lies there, it must say what was signed. Raises IntegrityError."""
    page = folder / SEALED
    if page.is_symlink() or (page.exists() and not page.is_file()):
        raise IntegrityError(f"{SEALED}: is not a regular file; remove it, and make it again: gonogo seal")
    if page.exists() and page.read_bytes() != sealed(folder, results, decisions):
        raise IntegrityError(
            f"{SEALED}: does not match the run and its signatures: it was edited, or somebody has signed since; "
            "make it again: gonogo seal"
        )
