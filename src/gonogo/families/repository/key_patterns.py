"""Keys that are known by their shape alone: the detectors of detect-secrets that do not cry wolf.

Those that go by entropy, by the name of a variable, or by a password in a URL find every example of a manual.
"""

import re
from collections.abc import Iterator, Sequence

from detect_secrets.filters.allowlist import is_line_allowlisted
from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.npm import NpmDetector
from detect_secrets.plugins.openai import OpenAIDetector
from detect_secrets.plugins.private_key import PrivateKeyDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.util.code_snippet import CodeSnippet


class StripeTestDetector(RegexBasedDetector):
    """Patterns of keys beside detect-secrets': test keys open an account too, and a webhook's secret forges payments."""

    secret_type = "Stripe Test Key or Webhook Secret"  # noqa: S105 - a name
    denylist = (re.compile(r"[rs]k_test_[0-9a-zA-Z]{24}"), re.compile(r"whsec_[0-9a-zA-Z]{32}"))


DETECTORS: Sequence[BasePlugin] = (
    StripeDetector(),
    StripeTestDetector(),
    AWSKeyDetector(),
    AzureStorageKeyDetector(),
    GitHubTokenDetector(),
    GitLabTokenDetector(),
    MailchimpDetector(),
    NpmDetector(),
    OpenAIDetector(),
    PrivateKeyDetector(),
    PypiTokenDetector(),
    SendGridDetector(),
    SlackDetector(),
    SquareOAuthDetector(),
)
_TELLTALE = re.compile(
    r"[rs]k_|whsec_|A3T|ABIA|ACCA|AKIA|ASIA|(?i:aws)|AccountKey=|gh[pousr]_|gl[a-z]+-|GR1348941|-us\d|_authToken"
    r"|T3BlbkFJ|PRIVATE KEY|PuTTY|pypi-|SG\.|(?i:xox|hooks\.slack)|sq0csp"
)
"""What every detector's keys have in common with its own: most text is done with after one look."""
_PRAGMA = re.compile(r"\s*(?:#|//|/\*|'|--|<!--)?\s*pragma: ?(?:allow|white)list.*$")


def keys_in(text: str) -> Iterator[str]:
    """The kinds of key that stand in the text."""
    if _TELLTALE.search(text):
        for detector in DETECTORS:
            if any(True for _ in detector.analyze_string(text)):
                yield detector.secret_type


def is_allowed(file: str, line: str, previous: str) -> bool:
    """Whether somebody vouches for the line: detect-secrets' ``pragma: allowlist secret``, there or on the line before."""
    if "pragma" not in line and "pragma" not in previous:
        return False
    snippet = CodeSnippet(snippet=[previous, line], start_line=0, target_index=1)
    return is_line_allowlisted(file, line, snippet)


def bare(line: str) -> str:
    """The line without such a comment: as it may stand in an older commit."""
    return _PRAGMA.sub("", line).strip()
