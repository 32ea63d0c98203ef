"""What planning reads of a check without running its file."""

from pathlib import Path

import pytest

from gonogo.base.errors import UsageError
from gonogo.planning.declarations import read_declarations
from gonogo.policy.owners import default_owner

ROOT = Path(__file__).parents[2]
CHECK = '''
import pytest
{family}
@pytest.mark.check("own-price")
def test_price(pages):
    """Why.

    Fix: it."""
    assert pages
'''


def family(folder: Path, text: str) -> str:
    """The family of the check in a file of this text, called test_shop_prices.py."""
    (folder / "test_shop_prices.py").write_text(CHECK.format(family=text))
    (declared,) = read_declarations(folder)
    return declared.family


def test_family_is_what_the_file_says_or_is_called(tmp_path: Path) -> None:
    """A family that outgrew its file keeps its owner, its section of the page, and its faults."""
    assert family(tmp_path, "") == "shop_prices"
    assert family(tmp_path, 'FAMILY = "shop"\n') == "shop"


@pytest.mark.parametrize("value", ['"sh" + "op"', "''", "3", "pytest"])
def test_family_that_planning_cannot_read_is_refused(tmp_path: Path, value: str) -> None:
    """Else the check would be of a family that nobody meant."""
    with pytest.raises(UsageError, match=r'test_shop_prices\.py:3: FAMILY is .*; write FAMILY = "name"'):
        family(tmp_path, f"FAMILY = {value}\n")


@pytest.mark.parametrize("name", ["server-login-methods", "dns-serials", "atlas-alerts"])
def test_parts_of_a_family_have_one_owner(name: str) -> None:
    """What a server or a provider is set to is repaired by whoever operates it, in whichever file it is asked."""
    (declared,) = (one for one in read_declarations(ROOT / "checks") if one.id == name)
    assert default_owner(declared.family) == "devops"
