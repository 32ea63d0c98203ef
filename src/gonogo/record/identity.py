"""The identity of a run, and the origin of its results."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gonogo.planning.rule_values import Rules
from gonogo.planning.trusted import TrustAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRelease:
    """The release that one address of the service says it serves."""

    at: str
    """Host and address, as in ``api.example.com/192.0.2.1``."""
    words: tuple[str, ...] = ()
    """Each with the place where it stands, as in ``3f2c1a9 (commit of /version)``; empty: it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunIdentity:
    """Which run this was. Times are UTC."""

    id: str
    gonogo: str
    environment: str
    service: str
    base_url: str
    gate: str
    question: str = ""
    """The title of the gate: what the verdict answers."""
    release: str | None
    """The release that the run was told of: claimed, whoever serves what."""
    served: Sequence[ServedRelease] = ()
    """The release that was seen, from every address that was asked."""
    lowered: Sequence[str] = ()
    """What was asked less than the environment file declares, as in ``rate 0.5 instead of 8``: another question."""
    started_at: datetime
    finished_at: datetime
    interrupted: bool = False
    finished: bool = True
    """False: the record that stands until the run says otherwise, and stays when it is killed."""
    narrowed: bool = False
    """Whether it was asked about some of the gate's checks only."""
    only: Sequence[str] = ()
    """The checks that were asked for by name; empty: everything was asked."""
    options: Sequence[str] = ()
    """Further words of the command line without which it would have been another run, as in ``--fault mongo-down``."""
    launch_at: datetime | None = None
    """When the launch is to be, as the environment file declares it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDifference:
    """One value of a bundled check that the project's ``policy.toml`` changed."""

    check: str
    key: str
    """``severity``, ``waivable``, ``needs``, or the name of a threshold."""
    bundled: str
    local: str

    @property
    def words(self) -> str:
        """The difference in one line."""
        return f"{self.check}: {self.key} is {self.local} by environments/policy.toml; gonogo's own is {self.bundled}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The origin of the results: SHA-256 digests in hex, and what the run was told to leave out."""

    evidence: str
    program: str = ""
    """Of gonogo's own code and templates; empty in records from before it was kept."""
    catalogue: str
    checks: str
    environment: str
    """All that the environment expects; the release under review is not part of it."""
    policy: str = ""
    """Digest of the checklist, the gates, the attestations and the waivers."""
    trust: Sequence[TrustAnchor] = ()
    """Whom the environment file trusts: which files, with their content's digest."""
    notes: Sequence[str] = ()
    """For the signer: a narrowed selection, faults switched on, families declared absent."""
    policy_differences: Sequence[PolicyDifference] = ()
    """What the project's own policy changed of bundled checks."""
    families: Sequence[str] = ()
    """Families that gonogo does not bring itself, each as ``name (package version)``."""
    rules: Rules = field(default_factory=dict)
    """All of it by file and key, so that the next run can say what is different; empty in older records."""
