"""Text from targets, made safe to look at: nothing in it may move the cursor, or turn the reading direction."""

import unicodedata

_SUBSTITUTES = {"\n": " ⏎ ", "\t": " "}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def visible(text: str) -> str:
    """Spell out control, bidirectional and invisible characters of a text, as in ``⟦U+202E⟧``."""
    if text.isprintable():  # all that is hidden is not, and neither are most blanks
        return text
    return "".join(_character(character) for character in text)


def visible_lines(text: str) -> str:
    """Spell out such characters, but keep line breaks."""
    return "\n".join(map(visible, text.split("\n")))


def harmless(line: str) -> str:
    """A line of output that no CI system takes for a command: GitHub obeys ``::``, indented or not, and ``##[``."""
    text = line.lstrip()
    if text.startswith("::"):
        line = f"{line[: len(line) - len(text)]}: :{text[2:]}"
    return line.replace("##[", "## [")


def _character(character: str) -> str:
    if character in _SUBSTITUTES:
        return _SUBSTITUTES[character]
    if unicodedata.category(character) in _HIDDEN:
        return f"⟦U+{ord(character):04X}⟧"
    return character
