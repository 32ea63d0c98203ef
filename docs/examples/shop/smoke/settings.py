"""What ``[smoke]`` of an environment file declares."""

from gonogo.environment.types import Duration, SecretName, Text
from gonogo.families.smoke.section import Smoke


class Settings(Smoke):
    """The administrator who removes synthetic customers, and where receipts are kept."""

    admin_token: SecretName
    bucket: Text
    receipt_within: Duration
