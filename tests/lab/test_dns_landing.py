"""Where names lead, looked at over https: a network that gives other addresses each time, and hosters, all real nginx."""

import re
from pathlib import Path

import pytest

from gonogo.planning.declarations import Declaration
from tests.checks.conftest import Judge
from tests.lab.authority import issue, lineage
from tests.lab.dns_lab import HOST, World, free_network, started, verdicts
from tests.lab.dns_relay import some_of
from tests.lab.dns_zones import Copy
from tests.lab.http_servers import HEALTH, Ports, Site, nginx
from tests.support.ports import free_port

pytestmark = pytest.mark.anyio
_EDGES = tuple(range(31, 37))
_UNCLAIMED = "<p><strong>There isn't a GitHub Pages site here.</strong></p>"


@pytest.fixture
def anyio_backend() -> str:
    """Dnspython runs on the loop that gonogo runs on."""
    return "asyncio"


def _site(folder: Path, network: str, lasts: tuple[int, ...], *names: str) -> tuple[Site, dict[str, str]]:
    """A place for nginx with a certificate for these names, and what to declare of TLS."""
    authority = lineage()
    leaf = issue(names[0], authority.intermediate, names=names, key="ec")
    chain, key = leaf.write(folder, "leaf", authority.intermediate)
    root = folder / "root.pem"
    root.write_bytes(authority.root.pem)
    addresses = " ".join(f"{network}.{last}" for last in lasts)
    ports = Ports(https=free_port(), http=free_port())
    return Site(address=addresses, ports=ports, chain=chain, key=key), {"trust": str(root)}


@pytest.mark.parametrize("declared", [{"alias": "edge.cdn.test"}, {"networks": ["{n}.32/29"], "rotating": True}])
@pytest.mark.whole
async def test_two_of_six_addresses_each_time(
    tmp_path: Path, judge: Judge, declarations: dict[str, Declaration], declared: dict[str, object]
) -> None:
    """Declared for what it is, a content delivery network is no fault: each address that it gave serves the host."""
    network = free_network()
    site, trust = _site(tmp_path, network, _EDGES, HOST)
    world = World(
        first=Copy(without=("api", "www"), records=("api CNAME edge.cdn.test.",)),
        addresses=("{n}.31", "{n}.32"),
        elsewhere={"cdn.test": tuple(f"edge A {{n}}.{last}" for last in _EDGES)},
        elsewhere_after=some_of("edge.cdn.test", 2),
        host={
            key: [one.replace("{n}", network) for one in value] if isinstance(value, list) else value
            for key, value in declared.items()
        },
        https_port=site.ports.https,
        dns={"names": []},
        tls=trust,
    )
    with nginx(HEALTH, site=site):
        async with started(world, tmp_path / "dns", network) as place:
            assert await verdicts(place, judge, declarations) == {}


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (
            f'location / {{ default_type text/html; return 404 "{_UNCLAIMED}"; }}',
            "www.workme.test, an alias of workme.pages.test.*GitHub Pages answers 404",
        ),
        ("location / { return 404; }", ""),
    ],
)
async def test_alias_of_a_hoster(
    tmp_path: Path, judge: Judge, declarations: dict[str, Declaration], location: str, expected: str
) -> None:
    """Its certificate is for its own names. Who claims the name there owns it; a page that is not found is no such word."""
    network = free_network()
    site, trust = _site(tmp_path, network, (40,), "workme.pages.test")
    world = World(
        first=Copy(without=("www",), records=("www CNAME workme.pages.test.",)),
        elsewhere={"pages.test": ("workme A {n}.40",)},
        https_port=site.ports.https,
        tls=trust,
    )
    with nginx(location, site=site):
        async with started(world, tmp_path / "dns", network) as place:
            found = await verdicts(place, judge, declarations)
    assert re.search(expected, found.get("dns-names-answer", ""))
    assert set(found) == ({"dns-names-answer"} if expected else set())
