"""What makes two runs runs by the same expectations."""

from typing import Any

import pytest

from gonogo.environment.model import Environment
from gonogo.families.registry import environment_from
from gonogo.planning.digests import expectations_digest, leaves
from gonogo.planning.rules import environment_rules


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


def test_what_a_started_instance_chose_is_no_expectation() -> None:
    """Two runs of the reference differ in ports, folders and host keys: whoever signs would be warned of each time."""

    def declared(port: int, issuer: str = "CA") -> Environment:
        host = {"addresses": ["192.0.2.1"], "https_port": port}
        return environment_from(
            {
                "service": {"name": "S", "base_url": f"https://a.test:{port}"},
                "permits": {"effects": ["read"]},
                "hosts": {"a.test": host},
                "tls": {"issuer": issuer},
            }
        )

    chosen = tuple(leaves({"service": {"base_url": "x"}, "hosts": {"a.test": {"https_port": 1, "other": []}}}))
    assert chosen == (("service", "base_url"), ("hosts", "a.test", "https_port"), ("hosts", "a.test", "other"))
    assert expectations_digest(declared(1), chosen) == expectations_digest(declared(2), chosen)
    assert expectations_digest(declared(1)) != expectations_digest(declared(2))
    assert expectations_digest(declared(1), chosen) != expectations_digest(declared(1, "Other"), chosen)
    assert environment_rules(declared(1), "reference", chosen)["environments/reference.toml"] == {
        "service.name": "S",
        "permits.effects": "read",
        "hosts.a.test.addresses": "192.0.2.1",
        "tls.issuer": "CA",
    }


def test_key_that_is_not_there_leaves_nothing_out() -> None:
    """An overlay may speak of a family that the environment does not have."""
    environment = environment_from(
        {"service": {"name": "S", "base_url": "https://a.test"}, "permits": {"effects": ["read"]}}
    )
    assert expectations_digest(environment, [("mail", "inbox", "port")]) == expectations_digest(environment)
