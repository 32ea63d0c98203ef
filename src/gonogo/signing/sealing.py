"""The page with the signatures on it: made from the run and its bundles alone, so that anybody can make it again."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gonogo.report.html import Signature, render_signoff
from gonogo.signing.bundle import SUFFIXES
from gonogo.signing.signers import Signer
from gonogo.signing.verification import Expected, verify_run


def sealed(folder: Path, project: Path, signers: Sequence[Signer], now: datetime) -> bytes:
    """The bytes of ``sealed.html``. Raises IntegrityError for a run or a signature that does not hold."""
    found = verify_run(folder, project, signers, Expected(now=now))
    shown = [
        Signature(
            role=said.role,
            signer=said.signer,
            decision=said.decision,
            comment=said.comment,
            time=said.time,
            file=next(f"{role}{suffix}" for suffix in SUFFIXES.values() if (folder / f"{role}{suffix}").is_file()),
        )
        for role, said in sorted(found.decisions.items())
    ]
    return render_signoff(found.results, signatures=shown)
