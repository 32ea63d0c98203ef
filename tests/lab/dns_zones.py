"""Zone files, and their signatures by BIND's own tools."""

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.lab.dns_servers import program

ZONE = "workme.test"
TTL_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """From when to when the signatures are valid."""

    begun: timedelta = timedelta(days=4)
    """How long ago."""
    left: timedelta = timedelta(days=10)
    """How long from now; negative: over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """The zone as one server has it. ``{n}`` in a record is replaced by the addresses' network."""

    soa: str = "ns1 hostmaster 7 3600 900 1209600 300"
    servers: tuple[str, ...] = ("ns1", "ns2")
    records: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    """Names whose usual records it lacks."""
    signing: Signing | None = Signing()
    spoiled: str = ""
    """A name whose signature over A is made by nobody; ``NAME NSEC``: the one over its denial of other types."""


_USUAL = {
    "ns1": "ns1 A {n}.1",
    "ns2": "ns2 A {n}.2",
    "api": "api A {n}.20",
    "www": "www CNAME api",
    "@": '@ CAA 0 issue "ca.example"',
}


@dataclass(frozen=True, slots=True)
class Signer:
    """The one key of a zone, and what it signs."""

    folder: Path
    zone: str = ZONE
    key: str = field(default="")

    @classmethod
    def new(cls, folder: Path, zone: str = ZONE) -> "Signer":
        """A fresh key (ECDSA P-256)."""
        folder.mkdir(parents=True, exist_ok=True)
        made = _run(folder, "dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", zone)
        return cls(folder, zone, made.strip())

    @property
    def ds(self) -> str:
        """The DS record for the parent."""
        return _run(self.folder, "dnssec-dsfromkey", "-2", f"{self.key}.key").strip()

    @property
    def dnskey(self) -> str:
        """The DNSKEY record, as a trust anchor."""
        lines = (self.folder / f"{self.key}.key").read_text().splitlines()
        return next(line for line in lines if not line.startswith(";"))

    def signed(self, path: Path, signing: Signing) -> Path:
        """The file with signatures."""
        now = datetime.now(UTC)
        begin, end = (f"{moment:%Y%m%d%H%M%S}" for moment in (now - signing.begun, now + signing.left))
        output = path.with_suffix(".signed")
        _run(
            self.folder,
            *("dnssec-signzone", "-q", "-S", "-z", "-P", "-O", "full", "-o", self.zone),
            *("-s", begin, "-e", end, "-f", str(output), str(path)),
        )
        return output


def zone_file(path: Path, copy: Copy, network: str, signer: Signer) -> Path:
    """Write one copy of the zone, signed or not; give the file to load."""
    usual = [record for name, record in _USUAL.items() if name not in copy.without]
    lines = [
        f"$ORIGIN {ZONE}.",
        f"$TTL {TTL_SECONDS}",
        f"@ SOA {copy.soa}",
        *(f"@ NS {server}" for server in copy.servers),
        *(record.replace("{n}", network) for record in (*usual, *copy.records)),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    if copy.signing is None:
        return path
    signed = signer.signed(path, copy.signing)
    if copy.spoiled:
        _spoil(signed, copy.spoiled)
    return signed


def _spoil(path: Path, name: str) -> None:
    """Change the record after it was signed: the signature is one over other records."""
    owner, _, rdtype = name.partition(" ")
    old, new = (" RRSIG", " MX RRSIG") if rdtype == "NSEC" else (".20", ".21")
    changed = [
        line.replace(old, new)
        if line.split()[:1] == [f"{owner}.{ZONE}."] and line.split()[3:4] == [rdtype or "A"]
        else line
        for line in path.read_text().splitlines()
    ]
    path.write_text("\n".join(changed) + "\n")


def _run(folder: Path, name: str, *arguments: str) -> str:
    done = subprocess.run([program(name), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{name}: {done.stderr}"
        raise RuntimeError(message)
    return done.stdout
