"""Compares recorded text, in which secrets are redacted, with the text that it was made from."""

import re

_MARK = re.compile(r"\[[^\[\]]{1,200} redacted\]")


def is_redacted(text: str) -> bool:
    """Whether something of the text is redacted."""
    return _MARK.search(text) is not None


def same_text(recorded: str, original: str) -> bool:
    """Whether the texts are the same, but for redacted stretches of the recorded one."""
    if recorded == original:
        return True
    pieces = _MARK.split(recorded)
    return len(pieces) > 1 and re.fullmatch(".*?".join(map(re.escape, pieces)), original, re.DOTALL) is not None
