"""What the API server tells of declared objects."""

from dataclasses import dataclass
from datetime import datetime

from gonogo.evidence.base import PartialEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Verdicts of SelfSubjectAccessReview for one action of the token."""

    action: str
    """Verb, resource and namespace, as in ``delete pods in shop``."""
    allowed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEvidence(PartialEvidence):
    """What the token of these questions may do."""

    server: str
    accepted: bool
    """False: 401."""
    looks: tuple[Rights, ...] = ()
    """What the other questions need: one that is allowed is the control."""
    changes: tuple[Rights, ...] = ()
    """What nobody needs who only looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodContainer:
    """One container of a pod, as its kubelet reports it."""

    pod: str
    name: str
    image: str
    """As the pod names it."""
    image_id: str
    """With the digest that runs; empty before it was pulled."""
    restarts: int
    waiting: str = ""
    """Reason, as CrashLoopBackOff or ImagePullBackOff; empty where it does not wait."""
    ended: datetime | None = None
    """When its last run ended; None if there was none before this one."""
    end_reason: str = ""
    """As OOMKilled or Error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadEvidence(PartialEvidence):
    """A Deployment, StatefulSet or DaemonSet, and its pods."""

    server: str
    kind: str
    namespace: str
    name: str
    exists: bool
    generation: int = 0
    observed_generation: int = 0
    """That of the specification which the numbers below are about."""
    desired: int = 0
    ready: int = 0
    updated: int = 0
    """Pods of the newest specification."""
    to_update: int = 0
    """How many there must be: fewer where a partition or OnDelete keeps some back."""
    stuck: str = ""
    """Why the rollout does not go on, in the condition's words."""
    paused: bool = False
    images: tuple[str, ...] = ()
    """Of the specification."""
    containers: tuple[PodContainer, ...] = ()
    unscheduled: tuple[str, ...] = ()
    """Pods that found no node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvidence(PartialEvidence):
    """A Job or a CronJob."""

    server: str
    kind: str
    namespace: str
    name: str
    exists: bool
    complete: bool = False
    """Of a Job: whether it ended well."""
    failed: str = ""
    """Of a Job: why it did not, in the condition's words."""
    suspended: bool = False
    last_success: datetime | None = None
    """Of a CronJob."""
