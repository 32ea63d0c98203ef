"""What makes two runs runs by the same expectations."""

from typing import Any

import pytest

from gonogo.families.registry import environment_from
from gonogo.planning.digests import expectations_digest


def digest(trust: str, of_host: str, issuer: str = "CA") -> str:
    """Of an environment whose only host has a root of its own."""
    host: dict[str, Any] = {"addresses": ["192.0.2.1"], "tls": {"trust": of_host, "issuer": issuer}}
    sections = {
        "service": {"name": "S", "base_url": "https://a.test"},
        "permits": {"effects": ["read"]},
        "hosts": {"a.test": host},
        "tls": {"trust": trust, "issuer": "CA"},
    }
    return expectations_digest(environment_from(sections))


@pytest.mark.parametrize("folder", ["/builds/7", "/home/ana/shop"])
def test_wherever_a_checkout_lies(folder: str) -> None:
    """Whoever verifies has the project in another folder, with the roots of its hosts."""
    here = digest("/here/root.pem", "/here/other.pem")
    assert digest(f"{folder}/root.pem", f"{folder}/other.pem") == here
    assert digest(f"{folder}/root.pem", f"{folder}/root.pem") != here
    assert digest(f"{folder}/root.pem", "public") != here
    assert digest("/here/root.pem", "/here/other.pem", issuer="Other") != here
