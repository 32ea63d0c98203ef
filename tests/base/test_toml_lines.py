"""Where a key stands in a TOML file, as people count lines."""

from pathlib import Path

import pytest

from gonogo.base.toml_files import parse_toml
from gonogo.base.toml_lines import key_lines

ROOT = Path(__file__).parents[2]
TEXT = '''\
# what is here

[http]  # a header
health = "/health"
series = [
    "one",  # [not.a.header]
    "two",
]
text = """
[neither]
also = 1
"""

[hosts."a.test"]
addresses = ["192.0.2.1"]
notes = { who = "us", when.first = 1 }

[[mongodb.indexes]]
keys = ["email"]

[[mongodb.indexes]]
unique = true
'''


def test_each_key_has_the_line_that_it_begins_on() -> None:
    """Comments, blank lines, values of many lines, and texts that look like headers count as what they are."""
    assert key_lines(TEXT) == {
        ("http",): 3,
        ("http", "health"): 4,
        ("http", "series"): 5,
        ("http", "text"): 9,
        ("hosts",): 14,
        ("hosts", "a.test"): 14,
        ("hosts", "a.test", "addresses"): 15,
        ("hosts", "a.test", "notes"): 16,
        ("hosts", "a.test", "notes", "who"): 16,
        ("hosts", "a.test", "notes", "when"): 16,
        ("hosts", "a.test", "notes", "when", "first"): 16,
        ("mongodb",): 18,
        ("mongodb", "indexes"): 18,
        ("mongodb", "indexes", "keys"): 19,
        ("mongodb", "indexes", "unique"): 22,
    }


def test_line_ends_of_another_system() -> None:
    """An editor of Windows moves nothing."""
    assert key_lines(TEXT.replace("\n", "\r\n")) == key_lines(TEXT)


@pytest.mark.parametrize("name", ["reference", "staging", "production"])
def test_every_table_of_a_real_file_is_found(name: str) -> None:
    """As the parser reads them: none missing, and each line begins with its key or its header."""
    path = ROOT / "environments" / f"{name}.toml"
    lines, text = key_lines(path.read_text()), path.read_text().splitlines()
    for section, content in parse_toml(path).items():
        assert text[lines[section,] - 1].lstrip("[").startswith(section)
        for key in content if isinstance(content, dict) else ():
            assert key in text[lines[section, key] - 1]


@pytest.mark.parametrize("text", ["", "\ufeff", "a = [\n" * 3000, "= 1\n", "a = [1\n\n[b]\nc = 1\n", "[a\nb = 1"])
def test_what_is_no_toml_ends(text: str) -> None:
    """Nobody asks for its lines: reading it has failed before. It costs nothing and breaks nothing."""
    assert not key_lines(text)
