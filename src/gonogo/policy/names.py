"""Names of people as one can read them: no invisible characters, one script, and no two that look the same.

The rules are those of Unicode Technical Standard 39: characters that are not shown (3.1), mixed scripts (5.1, 5.2), and
skeletons of confusable strings (4). The table of confusables is cut down to whole letters of the scripts that can spell
a Latin name.
"""

import unicodedata

_NOT_SHOWN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
"""Categories of characters that nobody sees."""
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that are shown as nothing."""
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
"""Scripts that one name may mix."""
_SCRIPTLESS = ("COMBINING", "MODIFIER", "IDEOGRAPHIC", "VARIATION", "FULLWIDTH", "HALFWIDTH", "MIDDLE")
_LOOKS = {
    "A": "\u0391\u0410",
    "B": "\u0392\u0412",
    "C": "\u0421",
    "E": "\u0395\u0415",
    "H": "\u0397\u041d",
    "J": "\u0408",
    "K": "\u039a\u041a",
    "M": "\u039c\u041c",
    "N": "\u039d",
    "O": "\u039f\u041e",
    "P": "\u03a1\u0420",
    "Q": "\u051a",
    "S": "\u0405",
    "T": "\u03a4\u0422",
    "W": "\u051c",
    "X": "\u03a7\u0425",
    "Y": "\u03a5\u0423",
    "Z": "\u0396",
    "a": "\u03b1\u0430",
    "c": "\u0441",
    "d": "\u0501",
    "e": "\u0435",
    "g": "\u0581",
    "h": "\u04bb\u0570",
    "i": "\u03b9\u0456",
    "j": "\u0458",
    "l": "1I|\u0399\u0406\u04cf",
    "n": "\u0578",
    "o": "0\u03bf\u043e\u0585",
    "p": "\u03c1\u0440",
    "q": "\u051b\u0566",
    "s": "\u0455",
    "u": "\u057d",
    "v": "\u03bd\u0475",
    "w": "\u051d",
    "x": "\u0445",
    "y": "\u0443",
}
"""Letters of Cyrillic, Greek and Armenian, and digits, by the Latin letter that each is taken for."""
_LOOKS_LIKE = str.maketrans({other: latin for latin, others in _LOOKS.items() for other in others})


def problem_of(name: str) -> str:
    """The first thing that makes this name unfit to tell a person by; empty: nothing does."""
    for character in name:
        if _is_invisible(character):
            return f"has {described(character)} in it, which is invisible; remove it"
    if name != " ".join(name.split(" ")).strip() or "  " in name:
        return "begins or ends with a blank, or has two in a row; write one between words"
    if name != unicodedata.normalize("NFKC", name):
        return f"is not in the usual form of its characters (NFKC); write {unicodedata.normalize('NFKC', name)!r}"
    scripts = {script: character for character in name if (script := script_of(character))}
    if len(scripts) > 1 and not any(scripts.keys() <= allowed for allowed in _TOGETHER):
        shown = " and ".join(f"{described(character)}" for character in scripts.values())
        return f"mixes scripts: {shown}; write it in one"
    return ""


def skeleton(name: str) -> str:
    """The name as it looks: two names with one skeleton are told apart by nobody."""
    looks = unicodedata.normalize("NFKC", name).translate(_LOOKS_LIKE)
    return " ".join(looks.casefold().replace("rn", "m").split())


def described(character: str) -> str:
    """``U+200B ZERO WIDTH SPACE``."""
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"


def script_of(character: str) -> str:
    """The script of a letter, by the first word of its name; empty for what belongs to all of them."""
    if unicodedata.category(character)[0] != "L":
        return ""
    script = unicodedata.name(character, "").partition(" ")[0]
    return "" if script in _SCRIPTLESS else script


def _is_invisible(character: str) -> bool:
    category, number = unicodedata.category(character), ord(character)
    blank = category == "Zs" and character != " "
    return (
        blank or category in _NOT_SHOWN or character in _FILLERS or any(number in selectors for selectors in _SELECTORS)
    )
