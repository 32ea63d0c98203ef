"""What became of the newest test message to each channel: a file beside the journal, of which no address can be read.

An address is kept as a slow digest with a salt of its own, so that one that was changed since is known to be another.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gonogo.base.errors import UsageError
from gonogo.base.whole_files import write_whole
from gonogo.evidence.watch import Receipt

FILE = "channels.json"
_COST, _BLOCK, _SALT_BYTES = 2**14, 8, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """One test message."""

    utc: datetime
    delivered: bool
    answer: str
    salt: str
    digest: str

    def is_of(self, address: str) -> bool:
        """Whether it went to this address."""
        return hmac.compare_digest(self.digest, _digest(address, bytes.fromhex(self.salt)))


_TESTS: TypeAdapter[dict[str, Tested]] = TypeAdapter(dict[str, Tested])


def newest_tests(journal: Path) -> Mapping[str, Tested]:
    """The newest test of each channel, by its name; none where nobody tested. Raises UsageError for what cannot be read."""
    path = journal.with_name(FILE)
    try:
        return _TESTS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no record of tests of channels"
        raise UsageError(f"{path}: {why}; remove it, and test the channels again") from None


def note_tests(journal: Path, receipts: Iterable[Receipt], addresses: Mapping[str, str]) -> None:
    """Keep what became of these tests; those of other channels stay. Raises UsageError where that cannot be written."""
    tests = dict(newest_tests(journal))
    for receipt in receipts:
        salt = os.urandom(_SALT_BYTES)
        tests[receipt.channel] = Tested(
            utc=receipt.utc,
            delivered=receipt.delivered,
            answer=receipt.answer,
            salt=salt.hex(),
            digest=_digest(addresses[receipt.channel], salt),
        )
    content = json.dumps(_TESTS.dump_python(tests, mode="json"), indent=2, sort_keys=True) + "\n"
    write_whole(journal.with_name(FILE), content.encode())


def _digest(address: str, salt: bytes) -> str:
    return hashlib.scrypt(address.encode(), salt=salt, n=_COST, r=_BLOCK, p=1).hex()
