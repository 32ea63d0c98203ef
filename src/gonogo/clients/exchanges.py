"""One exchange over HTTP with its body: what probes and steps read, whichever client made it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gonogo.base.redaction import Redactor
from gonogo.evidence.http import Exchange

EXCHANGE_SECONDS = 4.0
"""For one request and its whole answer, unless the caller is more patient."""
EXCERPT = 200
"""Characters of what went wrong that are kept."""
_REDACTED_CHARACTERS = 64 * 1024
"""Characters of a body that are redacted before an excerpt is cut from it: half a secret would not be recognised."""
_CHARSET = re.compile(
    r"charset=[\"']?(iso-8859-(?:[1-9]|1[03-6])|windows-125[0-8]|utf-16(?:le|be)?|shift_jis|euc-jp|gb2312|gbk|gb18030|big5|koi8-r)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An exchange with its body, which never leaves the probe."""

    exchange: Exchange
    content: bytes = field(repr=False, default=b"")
    headers: Mapping[str, str] = field(repr=False, default_factory=dict)
    """All of the reply's headers by their names in lower case, uncut; they never leave the probe either."""
    redactor: Redactor = field(repr=False, default_factory=lambda: Redactor({}))

    @property
    def text(self) -> str:
        """The body in the character set that its header names, if that is a usual one; else as UTF-8."""
        named = _CHARSET.search(self.exchange.headers.get("content-type", ""))
        return self.content.decode(named[1] if named else "utf-8", "replace")

    def readable(self, characters: int) -> str:
        """The beginning of the body, without secrets; redacted before it is cut."""
        return self.redactor.text(self.text[:_REDACTED_CHARACTERS])[:characters]

    def unexpected(self) -> Exchange:
        """The exchange with the beginning of a body that could not be understood."""
        return replace(self.exchange, excerpt=self.readable(EXCERPT))
