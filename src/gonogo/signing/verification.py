"""The decisions of people about exactly this run, and the verdict that follows from them and the machine's."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from gonogo.base.durations import format_duration
from gonogo.base.errors import IntegrityError
from gonogo.planning.carried import CarriedRun
from gonogo.record.results import RELEASE_CHECK, Results, Verdict
from gonogo.signing.bundle import SUFFIXES, VALID, Signed, SignOff, read_bundle, verify_signature
from gonogo.signing.carrying import CarrySource, source_of, unlike
from gonogo.signing.endings import check_endings
from gonogo.signing.integrity import check_run, run_files, signatures
from gonogo.signing.sealing import check_seal
from gonogo.signing.signers import Signer
from gonogo.verdict.endings import FRESH, Expiry, endings, validity

_CLOCKS_DIFFER = timedelta(minutes=5)
"""Between the laptop that signed and the machine that verifies."""
APPROVABLE = {Verdict.GO, Verdict.GO_WITH_EXCEPTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A run whose files and signatures were verified."""

    results: Results
    decisions: Mapping[str, SignOff]
    """Sign-offs, by role."""
    missing: Sequence[str]
    """Required roles without a signature."""
    holds_until: Expiry
    """What ends first of all that this rests on."""

    @property
    def verdict(self) -> Verdict:
        """Any NO-GO or HOLD is a NO-GO; all required GO leave the machine's verdict as it is; fewer are INCOMPLETE."""
        machine = self.results.decision.verdict
        if any(signoff.decision != "GO" for signoff in self.decisions.values()):
            return Verdict.NO_GO
        if self.missing and machine in APPROVABLE:
            return Verdict.INCOMPLETE
        return machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The expectations of whoever verifies, against which a run is held."""

    now: datetime
    environment: str | None = None
    """None: whatever environment the run is of."""
    gate: tuple[str, str] | None = None
    """Name and question of the gate that must have been asked; None: whatever gate."""
    required: Collection[str] = ()
    """Roles."""
    release: str | None = None
    oldest: timedelta | None = None
    """How old the evidence may be."""
    earlier: bool = False
    """Whether it is carried by a later run: its signatures need not hold any more, and people may have attested since."""


def verify_run(folder: Path, project: Path, signers: Sequence[Signer], expected: Expected) -> Verified:
    """Everything at once. Raises IntegrityError with the one thing that differs."""
    verified = verify_signed(folder, project, signers, expected)
    check_seal(folder, verified.results, verified.decisions)
    return verified


def verify_signed(folder: Path, project: Path, signers: Sequence[Signer], expected: Expected) -> Verified:
    """Everything but the sealed page, which is made of what is verified here. Raises IntegrityError."""
    # From the inside out: first that the files are one run's and give its verdict, then that it is the run that was
    # asked for, then who signed it, and last for how long all of it holds.
    now, oldest = expected.now, expected.oldest
    results = check_run(folder, project, earlier=expected.earlier)
    _check_identity(results, expected)
    if results.run.finished_at > now + _CLOCKS_DIFFER:
        raise IntegrityError(f"the run ends in the future, at {results.run.finished_at:%Y-%m-%d %H:%M} UTC")
    # Its first answer is as old as its beginning: a machine that slept in between woke up with yesterday's.
    age = now - results.run.started_at
    if oldest is not None and age > oldest:
        raise IntegrityError(
            f"the evidence is {format_duration(age)} old, and at most {format_duration(oldest)} is allowed: run again"
        )
    decisions = {decision.role: decision for decision in _decisions(folder, results, signers, expected)}
    if results.decision.verdict in APPROVABLE:
        check_endings(endings(results), now)
    further = [
        *check_carried(results, folder, project, signers, now),
        *_ends_of(decisions, signers, expected),
    ]
    return Verified(
        results=results,
        decisions=decisions,
        missing=[role for role in expected.required if role not in decisions],
        holds_until=validity(results, FRESH if oldest is None else oldest, further),
    )


def _check_identity(results: Results, expected: Expected) -> None:
    """The run answers the question that is asked: environment, gate, release. Raises IntegrityError naming both."""
    run = results.run
    if expected.environment is not None and run.environment != expected.environment:
        raise IntegrityError(f"this is a run of {run.environment}, not of {expected.environment}")
    if expected.gate is not None and run.gate != expected.gate[0]:
        name, question = expected.gate
        raise IntegrityError(f"the run answers {run.question!r} ({run.gate}), not {question!r} ({name})")
    if run.lowered:
        raise IntegrityError(
            f"the load was lower than declared, so the run does not answer its gate: {', '.join(run.lowered)}"
        )
    if expected.release is None:
        return
    if run.release != expected.release:
        raise IntegrityError(f"the run verified release {run.release or 'none'}, not {expected.release}")
    if not results.release_vouched:
        raise IntegrityError(
            f"release {run.release} was claimed, not seen: {RELEASE_CHECK} did not pass in this run; "
            "declare where the service tells its release (http.release), and run again"
        )


def _ends_of(decisions: Mapping[str, SignOff], signers: Sequence[Signer], expected: Expected) -> Iterator[Expiry]:
    """The ends of the signatures, and of the keys behind them."""
    for signoff in decisions.values():
        if not expected.earlier:
            yield Expiry(at=signoff.expires, what=f"{signoff.signer}'s signature")
        yield from (
            Expiry(at=signer.valid_until, what=f"{signer.name}'s key")
            for signer in signers
            if (signer.name, signer.role) == (signoff.signer, signoff.role)
        )


def carried_run(
    folder: Path, project: Path, signers: Sequence[Signer], source: CarrySource, now: datetime
) -> tuple[CarriedRun, Expiry]:
    """A run that another one may carry, verified like any other, and when it ends. Raises IntegrityError.

    It must be GO, of the source's environment, gate and release, no older than that allows, and signed by whom it names.
    """
    carry = source.carry
    expected = Expected(
        now=now,
        environment=carry.environment,
        gate=(carry.gate, source.question),
        required=carry.signed_by,
        release=source.release,
        oldest=carry.max_age,
        earlier=True,
    )
    verified = verify_signed(folder, project, signers, expected)
    if verified.missing:
        raise IntegrityError(
            f"{' and '.join(verified.missing)} did not sign it, and environments/gates.toml demands that"
        )
    if verified.verdict not in APPROVABLE:
        dissent = ", ".join(
            f"{signoff.signer} says {signoff.decision}"
            for signoff in verified.decisions.values()
            if signoff.decision != "GO"
        )
        raise IntegrityError(f"it is {verified.verdict}: {dissent or verified.results.decision.reason}")
    ends = verified.holds_until
    signed_by = [f"{signoff.signer} ({signoff.role})" for signoff in verified.decisions.values()]
    carried = source.described(verified.results, signed_by=sorted(signed_by))
    return replace(carried, ends=ends.at), Expiry(
        at=ends.at, what=f"{ends.what} of the carried run {carried.id} ({carried.environment})"
    )


def check_carried(
    results: Results, folder: Path, project: Path, signers: Sequence[Signer], now: datetime
) -> Sequence[Expiry]:
    """Every run that this one carries, verified again where it lies: beside it. Raises IntegrityError."""
    ends: list[Expiry] = []
    for run in results.carried:
        if run.problem:
            continue  # nothing rests on it
        try:
            ends.append(_found_again(run, results, folder, project, signers=signers, now=now))
        except IntegrityError as error:
            raise IntegrityError(f"the carried {run.words}: {error}") from None
    return ends


def _found_again(  # noqa: PLR0913 - the run, where it should lie, and by what it is verified
    run: CarriedRun, results: Results, folder: Path, project: Path, *, signers: Sequence[Signer], now: datetime
) -> Expiry:
    """The end of a carried run that is still what was carried. Raises IntegrityError."""
    source, reports = source_of(run, results, project), folder.parent.parent
    place = reports / run.environment / run.id
    if not place.is_dir():
        raise IntegrityError(f"{place.relative_to(reports)} is missing from the folder of reports; restore it there")
    if run.finished_at > results.run.started_at:
        raise IntegrityError("it ended after the run that carries it had begun")
    again, end = carried_run(place, project, signers, source, now)
    if differing := unlike(run, again):
        raise IntegrityError(f"it is not the run that was carried: {differing} differ")
    return end


def witnessed(folder: Path) -> dict[str, str]:
    """The signatures that lie there, by file: SHA-256."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in signatures(folder)}


def policy_of(results: Results) -> dict[str, str]:
    """The digests of everything that the run was judged by."""
    kept = results.provenance
    digests = {name: getattr(kept, name) for name in ("catalogue", "checks", "environment", "policy")}
    return digests | {f"trust {anchor.place}": anchor.sha256 for anchor in kept.trust}


def _decisions(folder: Path, results: Results, signers: Sequence[Signer], expected: Expected) -> Sequence[SignOff]:
    files, lying_there = run_files(folder), witnessed(folder)
    decisions: dict[str, SignOff] = {}
    people: dict[str, str] = {}
    for path in signatures(folder):
        signed = read_bundle(path)
        # The key id only finds the key: what counts is the signature by the key that people.toml has under it.
        signer = next((candidate for candidate in signers if candidate.keyid == signed.keyid), None)
        if signer is None:
            raise IntegrityError(
                f"{path.name}: signed with a key that environments/people.toml does not have: {signed.keyid[:12]}…"
            )
        verify_signature(signed, signer)
        _fits(signed, signer, results, expected)
        _same_files(signed, files, results)
        _none_dropped(signed, lying_there)
        signoff = signed.signoff
        # One person, one role, one word: who holds two roles does not approve their own work with the second.
        if signoff.role in decisions or signer.name in people:
            raise IntegrityError(f"{path.name}: {signer.name} or the role {signoff.role} has signed twice")
        decisions[signoff.role] = signoff
        people[signer.name] = signoff.role
    return list(decisions.values())


def _fits(signed: Signed, signer: Signer, results: Results, expected: Expected) -> None:
    """The person, the role, the time and the run."""
    _fits_role(signed, signer)
    signoff, name, now = signed.signoff, signed.path.name, expected.now
    # At both times: a key that was revoked since may have signed later than it says.
    if not signer.holds(signoff.time) or not signer.holds(now):
        raise IntegrityError(
            f"{name}: {signer.name}'s key is valid from {signer.valid_from:%Y-%m-%d} to {signer.valid_until:%Y-%m-%d}, which does not cover the time of the signature and now"
        )
    if signoff.run != results.run.id:
        raise IntegrityError(f"{name}: is a signature of run {signoff.run}, not of {results.run.id}")
    if not results.run.finished_at - _CLOCKS_DIFFER <= signoff.time <= now + _CLOCKS_DIFFER:
        raise IntegrityError(
            f"{name}: is dated {signoff.time:%Y-%m-%d %H:%M} UTC, which is before the run, or in the future; is the clock of this machine, or of the signer's, wrong?"
        )
    if signoff.expires - signoff.time > VALID:
        raise IntegrityError(
            f"{name}: says that it is valid until {signoff.expires:%Y-%m-%d}; at most {format_duration(VALID)} is allowed"
        )
    if signoff.expires <= now and not expected.earlier:
        raise IntegrityError(f"{name}: expired {signoff.expires:%Y-%m-%d %H:%M} UTC; run again, and sign the new run")
    if signoff.policy != policy_of(results):
        raise IntegrityError(f"{name}: the signature names a different policy than the run was judged by")
    if signoff.decision == "GO" and results.decision.verdict not in APPROVABLE:
        raise IntegrityError(f"{name}: says GO, but the run is {results.decision.verdict}")


def _fits_role(signed: Signed, signer: Signer) -> None:
    """The person and the role are those of the key, and the file has the role's name."""
    signoff, name = signed.signoff, signed.path.name
    if signoff.role != signer.role:
        raise IntegrityError(f"{name}: {signer.name} signs as {signer.role}, but the signature is for {signoff.role}")
    if name != (own_name := f"{signoff.role}{SUFFIXES[signed.kind]}"):
        raise IntegrityError(f"{name}: is the signature of {signoff.role}; give the file its name back: {own_name}")
    if signoff.signer != signer.name:
        raise IntegrityError(f"{name}: says that {signoff.signer} signed, but the key is {signer.name}'s")


def _same_files(signed: Signed, files: Mapping[str, str], results: Results) -> None:
    """The files that lie there are those that were signed, none more and none less. Raises IntegrityError."""
    subjects = {name: digest for name, digest in signed.subjects.items() if name != "release"}
    for name in sorted(subjects.keys() | files.keys()):
        if name not in files:
            raise IntegrityError(
                f"{name}: {signed.signoff.signer} signed this file, and it is missing; restore the run, or run again"
            )
        if name not in subjects:
            raise IntegrityError(f"{name}: was added after {signed.signoff.signer} signed")
        if subjects[name] != files[name]:
            raise IntegrityError(f"{name}: is not the file that {signed.signoff.signer} signed")
    if signed.subjects.get("release") != results.run.release:
        raise IntegrityError(f"{signed.path.name}: is a signature of another release")


def _none_dropped(signed: Signed, lying_there: Mapping[str, str]) -> None:
    """Every signature that lay there when this one was made lies there still. Raises IntegrityError.

    Else a NO-GO could be removed, and the run would look as if nobody had ever objected.
    """
    for name, digest in signed.signoff.witnessed.items():
        if lying_there.get(name) != digest:
            raise IntegrityError(
                f"{name}: was there when {signed.signoff.signer} signed, and is now missing or changed; a decision cannot be withdrawn: run again"
            )
