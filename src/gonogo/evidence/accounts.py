"""Evidence about what the values of a file of variables lead to, at the providers that gave them."""

from dataclasses import dataclass

from gonogo.evidence.base import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class DsnProjectEvidence(Evidence):
    """The DSN of one file, held against the project at Sentry that it must be of."""

    file: str
    name: str
    """The variable that holds the DSN."""
    project: str
    found: bool
    """Whether Sentry shows the project to this token."""
    number: str = ""
    """The project's id."""
    present: bool = False
    """Whether the variable is in the file, and not empty."""
    dsn_number: str = ""
    """The project that the DSN names."""
    key_known: bool = False
    """Whether the key in the DSN is one of the project's."""
    key_active: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAccountEvidence(Evidence):
    """The secret key of one file, held against the account at Stripe that it must be of."""

    file: str
    name: str
    """The variable that holds the key."""
    wanted: str
    """The account's id, as declared."""
    present: bool = False
    refused: bool = False
    """Whether Stripe does not accept the key at all."""
    account: str = ""
    """The id that Stripe gives for the key; empty where it gives none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlClusterEvidence(Evidence):
    """The MongoDB URL of one file, held against the cluster at Atlas that it must lead to."""

    file: str
    name: str
    """The variable that holds the URL."""
    cluster: str
    found: bool
    """Whether Atlas has the cluster."""
    hosts: tuple[str, ...] = ()
    """By which the cluster is reached."""
    present: bool = False
    url_hosts: tuple[str, ...] = ()
    """That the URL names."""
