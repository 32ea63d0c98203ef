"""A project that is not WorkMe walks its own journeys: the files of docs/journeys.md, on a small shop."""

import itertools
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gonogo.base.errors import UsageError
from gonogo.record.results import Outcome, Results
from gonogo.runs.prepare import Request, prepare
from gonogo.runs.session import results_of
from reference.certificates import CertificateSettings, issue_public
from tests.docs.blocks import ROOT, blocks
from tests.docs.test_families import NAMED

ADMIN = "token-of-the-administrator-41"
SECRETS = {"SHOP_ADMIN_TOKEN": ADMIN}
LEDGER_FAMILY = """
from gonogo.environment.composition import SectionSpec
from gonogo.families.kind import Family

from .section import Ledger

FAMILY = Family(name="ledger", sections=(SectionSpec(key="ledger", model=Ledger),))
"""
LEDGER_SECTION = """
from gonogo.environment.section import Section
from gonogo.environment.types import Text


class Ledger(Section):
    \"\"\"A file that accounting reads.\"\"\"

    path: Text
"""
LEDGER_VERBS = """
from functools import partial
from pathlib import Path

from gonogo.base.marks import Leftovers
from gonogo.families.verbs import Verbs

from .section import Ledger


class LedgerVerbs(Verbs[Ledger]):
    model = Ledger

    def book(self, entry):
        self.walk.looked(f"ledger {entry}", partial(self._write, [*self.entries(), entry]))

    def test_data(self, marks):
        yield Leftovers("entries", lambda: [entry for entry in self.entries() if marks.in_text(entry)], self._strike)

    def _strike(self, entries):
        self._write([entry for entry in self.entries() if entry not in entries])

    def entries(self):
        return Path(self.section.path).read_text().splitlines()

    def _write(self, entries):
        Path(self.section.path).write_text("\\n".join(entries))
"""
LEDGER_STEP = """

@pytest.mark.check("shop-booked")
def test_order_is_booked(walk: Shop) -> None:
    \"\"\"What is not booked is not taxed.

    Fix: book it.
    \"\"\"
    walk.ledger.book(walk.world.mark)
    assert walk.world.mark in walk.ledger.entries()
"""
CACHE_STEP = """

@pytest.mark.check("shop-booked")
def test_order_is_cached(walk: Shop) -> None:
    \"\"\"A step that asks what this environment does not declare.

    Fix: declare it.
    \"\"\"
    walk.redis.lifetimes("order:*")
"""


class Shop:
    """Customers and their orders, in memory. ``forgets`` makes it confirm orders and keep none."""

    def __init__(self) -> None:
        self.customers = {"1": "somebody@real.test", "2": "gonogo-fan@smoke.shop.test"}
        self.orders: dict[str, str] = {}
        self.forgets = False
        self._numbers = map(str, itertools.count(10))

    def answer(self, method: str, path: str, query: str, token: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Status and JSON of one request."""
        match method, path.rpartition("/")[0], path:
            case "POST", _, "/customers":
                number = next(self._numbers)
                self.customers[number] = body["email"]
                return 201, {"token": f"token-{number}"}
            case "GET", _, "/customers" if token == ADMIN:
                wanted = parse_qs(query)["email"][0]
                return 200, [{"id": key, "email": mail} for key, mail in self.customers.items() if wanted in mail]
            case "DELETE", "/customers", _ if token == ADMIN:
                self.customers.pop(path.rpartition("/")[2])
                return 204, None
            case "POST", _, "/orders":
                number = next(self._numbers)
                if not self.forgets:
                    self.orders[number] = token
                return 201, {"id": number}
            case "GET", _, "/orders":
                return 200, [{"id": key} for key, owner in self.orders.items() if owner == token]
        return 404, {}


def handler_of(shop: Shop) -> type[BaseHTTPRequestHandler]:
    """A handler of Python's own server that asks this shop."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            parts = urlsplit(self.path)
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, document = shop.answer(self.command, parts.path, parts.query, token, body)
            content = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - names of the standard library

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as above
            pass

    return Handler


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """The shop behind TLS, and the project of the page around it."""
    settings = CertificateSettings(names=("shop.test",), issuer="Shop Test CA")
    (tmp_path / "tls").mkdir()
    root, bundle, _ = issue_public(tmp_path / "tls", settings)
    shop = Shop()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(shop)) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(bundle.chain, bundle.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        write_project(tmp_path, server.server_address[1], root)
        yield shop
        server.shutdown()
        thread.join()


def write_project(folder: Path, port: int, root: Path) -> None:
    """Write every file that the page names, with this port and this authority."""
    pieces = [piece for kind in ("python", "toml") for piece in blocks(ROOT / "docs" / "journeys.md", kind)]
    named = {match[1]: piece for piece in pieces if (match := NAMED.match(piece))}
    assert len(named) == 5
    for name, text in named.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text.replace("8443", str(port)).replace("root.pem", str(root)))


def add_step(folder: Path, text: str) -> None:
    """A third step, at the end of the page's journey."""
    path, catalogue = folder / "smoke" / "test_order.py", folder / "smoke" / "catalogue.toml"
    path.write_text(path.read_text() + text)
    line = '[shop-booked]\ntitle = "Booked"\nseverity = "blocker"\nneeds = ["shop-orders"]\neffect = "write"\n'
    catalogue.write_text(f"{catalogue.read_text()}\n{line}")


def add_ledger(folder: Path) -> Path:
    """A family of the project's own with verbs, and a ledger with an entry that is nobody's test data."""
    ledger, family = folder / "ledger.txt", folder / "families" / "ledger"
    ledger.write_text("of somebody real")
    family.mkdir(parents=True)
    for name, text in {"__init__": LEDGER_FAMILY, "section": LEDGER_SECTION, "journey": LEDGER_VERBS}.items():
        (family / f"{name}.py").write_text(text)
    people, environment = folder / "smoke" / "people.py", folder / "environments" / "staging.toml"
    imports = "from families.ledger.journey import LedgerVerbs\nfrom gonogo.families.verbs import VerbsOf\n"
    words = '"""A journey through the shop."""\n'
    people.write_text(imports + people.read_text().replace(words, f"{words}\n    ledger = VerbsOf(LedgerVerbs)\n"))
    environment.write_text(f'{environment.read_text()}\n[ledger]\npath = "{ledger}"\n')
    return ledger


def walked(folder: Path, *others: str) -> Results:
    """The results of the shop's own steps."""
    only = ["shop-registers", "shop-orders", *others]
    return results_of(prepare(Request(environment="staging", project=folder, only=only), SECRETS))


def outcomes(results: Results) -> dict[str, Outcome]:
    """Outcome by id of the steps."""
    return {check.id: check.outcome for check in results.checks if check.id.startswith("shop-")}


def test_journeys_of_a_project_pass_and_leave_nothing(tmp_path: Path, shop: Shop) -> None:
    """Two steps on a service that gonogo knows nothing of; real customers are still there, and nobody else."""
    results = walked(tmp_path)
    assert outcomes(results) == {"shop-registers": Outcome.PASS, "shop-orders": Outcome.PASS}
    assert shop.orders
    assert shop.customers == {"1": "somebody@real.test", "2": "gonogo-fan@smoke.shop.test"}


def test_journeys_of_a_project_can_fail(tmp_path: Path, shop: Shop) -> None:
    """An order that is confirmed and lost is found, and what was made is removed all the same."""
    shop.forgets = True
    results = walked(tmp_path)
    assert outcomes(results) == {"shop-registers": Outcome.PASS, "shop-orders": Outcome.FAIL}
    assert set(shop.customers) == {"1", "2"}


def test_settings_of_another_project_are_refused(tmp_path: Path, shop: Shop) -> None:
    """WorkMe's keys mean nothing here."""
    del shop
    path = tmp_path / "environments" / "staging.toml"
    path.write_text(path.read_text() + 'beta_code = "BETA_CODE"\n')
    with pytest.raises(UsageError, match=r"smoke\.beta_code: unknown key"):
        walked(tmp_path)


def test_verbs_of_a_family_of_the_project(tmp_path: Path, shop: Shop) -> None:
    """Its class is the one that the section is known by; what its verbs leave behind is removed, and nothing else."""
    del shop
    ledger = add_ledger(tmp_path)
    add_step(tmp_path, LEDGER_STEP)
    results = walked(tmp_path, "shop-booked")
    assert outcomes(results)["shop-booked"] == Outcome.PASS
    assert ledger.read_text() == "of somebody real"


def test_step_that_asks_an_undeclared_section_says_which(tmp_path: Path, shop: Shop) -> None:
    """Neither a FAIL of the service nor a bug of gonogo: the section, and what to do."""
    del shop
    add_step(tmp_path, CACHE_STEP)
    results = walked(tmp_path, "shop-booked")
    step = next(check for check in results.checks if check.id == "shop-booked")
    assert step.outcome == Outcome.ERROR
    message = step.observations[0].message
    assert "declares no [redis]" in message
    assert 'about = ["redis"]' in message
