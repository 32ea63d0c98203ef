"""Signs a run: for whom, what exactly, and never a GO over what is not one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gonogo.base.errors import UsageError
from gonogo.base.whole_files import write_whole
from gonogo.policy.people import unknown_role
from gonogo.record.results import Results
from gonogo.report.wording import asked
from gonogo.signing.bundle import SIGSTORE, SSH, SUFFIXES, VALID, SignOff, signed_with_key, signed_with_ssh, statement
from gonogo.signing.endings import check_endings
from gonogo.signing.integrity import check_run, run_files
from gonogo.signing.keys import load_key
from gonogo.signing.signers import Signer, public_key_id
from gonogo.signing.verification import policy_of, witnessed
from gonogo.verdict.approval import GoRefusal, go_refusal
from gonogo.verdict.endings import endings

SignedDecision = Literal["GO", "NO-GO", "HOLD"]


def signable(folder: Path, project: Path, role: str, decision: SignedDecision) -> Results:
    """The run, once it is known to be what it says, and may be decided upon like this. Raises Usage- or IntegrityError."""
    results = check_run(folder, project)
    if results.faults and decision == "GO":
        raise UsageError(
            f"this run is a rehearsal: {', '.join(results.faults)} switched on deliberately. Run again without the faults, and "
            "sign that run"
        )
    refusal = go_refusal(results, role) if decision == "GO" else None
    if refusal is not None and refusal.verdict is not None:
        raise UsageError(
            f"the verdict is {refusal.verdict}: {results.decision.reason}. A signature cannot make it GO: repair the "
            "cause or have it waived (gonogo waive), then run again"
        )
    roles = [result.id for result in results.roles]
    if roles and (problem := unknown_role(role, roles, f"the roles that sign a run of gate {results.run.gate}")):
        raise UsageError(f"--role: {problem}")
    if decision == "GO":
        check_endings(endings(results), datetime.now(UTC))
    if refusal is not None:
        raise _unsupported(results, role, refusal)
    # Whatever kind of key it was signed with: a second decision beside the first would leave the choice to the reader.
    for suffix in SUFFIXES.values():
        if (folder / f"{role}{suffix}").exists():
            raise UsageError(f"{folder / f'{role}{suffix}'}: {role} has signed already; a new decision needs a new run")
    return results


def _unsupported(results: Results, role: str, refusal: GoRefusal) -> UsageError:
    """Nobody says GO to what the run does not show: the statements of their role are what they sign."""
    problems = [
        f"{statement.id}: {statement.line.text}: not supported: {statement.line.why}"
        if statement.line is not None
        else statement.words
        for statement in refusal.unsupported
    ]
    return UsageError(
        f"{role} cannot sign GO: this run of gate {results.run.gate} leaves statements of this role open; "
        "sign hold or no-go, or run a gate that asks for the rest",
        *problems,
    )


def said(folder: Path, results: Results, signer: Signer, word: tuple[SignedDecision, str], now: datetime) -> SignOff:
    """Compose the predicate that is signed beside the files; ``word`` is the decision with its comment."""
    decision, comment = word
    statements = next((role.statements for role in results.roles if role.id == signer.role), ())
    status = {line.id: str(line.status) for line in results.lines}
    return SignOff(
        role=signer.role,
        signer=signer.name,
        decision=decision,
        comment=comment,
        run=results.run.id,
        environment=results.run.environment,
        gate=results.run.gate,
        release=results.run.release,
        verdict=results.decision.verdict,
        asked=asked(results),
        statements={identifier: status.get(identifier, "open") for identifier in statements},
        exceptions=tuple(exception.check for exception in results.exceptions if exception.state == "in force"),
        policy=policy_of(results),
        witnessed=witnessed(folder),
        time=now,
        expires=now + VALID,
    )


def sign_with_key(folder: Path, signoff: SignOff, signers: Sequence[Signer], key: Path, passphrase: str) -> Path:
    """Write the bundle. Raises UsageError if the key is not that of this person in this role."""
    private, signer = key_of(signers, signoff.role, key, passphrase)
    path = folder / f"{signoff.role}{SUFFIXES[SIGSTORE]}"
    write_whole(path, signed_with_key(statement(run_files(folder), signoff), private, signer))
    return path


def key_of(signers: Sequence[Signer], role: str, key: Path, passphrase: str) -> tuple[EllipticCurvePrivateKey, Signer]:
    """The private key, and whose it is. Raises UsageError if nobody has it for this role."""
    private = load_key(key, passphrase)
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    signer = next((candidate for candidate in signers if candidate.key and candidate.keyid == public_key_id(pem)), None)
    if signer is None or signer.role != role:
        raise UsageError(f"{key}: environments/people.toml does not have this key for {role}")
    return private, signer


def sign_with_ssh(folder: Path, signoff: SignOff, signer: Signer, key: Path) -> Path:
    """Sign with an SSH key, as ``sign_with_key`` does with a key of gonogo's."""
    path = folder / f"{signoff.role}{SUFFIXES[SSH]}"
    write_whole(path, signed_with_ssh(statement(run_files(folder), signoff), key, signer))
    return path


def signer_of(signers: Sequence[Signer], role: str, now: datetime, *, ssh: bool) -> Signer:
    """Find who signs in this role now. Raises UsageError."""
    candidates = [signer for signer in signers if signer.role == role and bool(signer.ssh) == ssh and signer.holds(now)]
    if not candidates:
        kind = "SSH key" if ssh else "key"
        raise UsageError(
            f"environments/people.toml: nobody has a valid {kind} for {role} now; add one: gonogo key new --role {role} --name NAME"
        )
    return candidates[0]
