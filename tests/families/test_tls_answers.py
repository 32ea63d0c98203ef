"""What strange servers answer to a hello: never more than an answer that is none."""

import asyncio
import random
from pathlib import Path

import pytest

from gonogo.families.tls.answer import Flight, HelloEnding, NotTls
from gonogo.families.tls.hello import Hello, SentHello, Version, new_hello
from gonogo.families.tls.interview import Interview, Settled
from gonogo.families.tls.suites import EVERYTHING, MODERN, SUITES, TLS13, WEAK, Weakness, suites_of
from gonogo.families.tls.verification import trusted_certificates, verify
from reference.certificates import CertificateSettings, issue_public

SERVER_HELLO = bytes.fromhex("0303") + b"\x20" * 32 + b"\x00" + b"\xc0\x2f\x00"


def message(kind: int, body: bytes) -> bytes:
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


@pytest.fixture
def sent() -> SentHello:
    """Everything is offered."""
    return new_hello(Hello(server_name="a.test"))


def test_server_hello_of_an_old_version(sent: SentHello) -> None:
    """It has no extensions, and is an acceptance."""
    flight = Flight(sent)
    flight.record(22, message(2, SERVER_HELLO))
    flight.record(22, message(14, b""))
    assert flight.complete
    assert (flight.answer.ending, flight.answer.version, flight.answer.suite) == (
        HelloEnding.ACCEPTED,
        Version.TLS12,
        0xC02F,
    )


def test_messages_may_be_cut_anywhere(sent: SentHello) -> None:
    """Records and messages have nothing to do with each other."""
    flight = Flight(sent)
    for byte in message(2, SERVER_HELLO) + message(11, b"\x00\x00\x05\x00\x00\x02ab") + message(14, b""):
        flight.record(22, bytes([byte]))
    assert flight.complete
    assert flight.answer.chain == (b"ab",)


def test_warning_that_a_name_is_unknown_is_no_refusal(sent: SentHello) -> None:
    """The default certificate follows."""
    flight = Flight(sent)
    flight.record(21, b"\x01\x70")
    assert not flight.complete
    flight.record(21, b"\x02\x28")
    assert (flight.answer.ending, flight.answer.detail) == (HelloEnding.ALERT, "alert handshake_failure")


def test_unknown_suite_of_tls_1_3_is_no_answer(sent: SentHello) -> None:
    """What was not offered cannot be chosen."""
    share = b"\x00\x33\x00\x24\x00\x1d\x00\x20" + b"\x09" * 32
    body = (
        SERVER_HELLO[:-3] + b"\x13\x05\x00" + (len(share) + 6).to_bytes(2, "big") + b"\x00\x2b\x00\x02\x03\x04" + share
    )
    with pytest.raises(NotTls, match="not offered"):
        Flight(sent).record(22, message(2, body))


def test_damaged_answers_are_told_in_one_way(sent: SentHello) -> None:
    """Anything else would be reported as our bug, in the middle of somebody's launch."""
    chance = random.Random(20261125)  # noqa: S311 - the same damage in every run
    whole = message(2, SERVER_HELLO + b"\x00\x06\x00\x2b\x00\x02\x03\x04") + message(11, b"\x00\x00\x05\x00\x00\x02ab")
    whole += message(12, b"\x03\x00\x1d\x20" + b"\x09" * 32) + message(22, b"\x01\x00\x00\x02ab") + message(14, b"")
    told = 0
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        flight = Flight(sent)
        try:
            flight.record(chance.choice([20, 21, 22, 22, 22, 23]), bytes(damaged))
        except ValueError:  # NotTls is one, and so is a share that is no point
            told += 1
    assert told > 100


def test_every_suite_has_its_place() -> None:
    """One that is in no class would never be offered."""
    assert set(SUITES) == set(WEAK) | set(TLS13) | set(MODERN)
    assert set(suites_of([Weakness.RC4])) == {0x0004, 0x0005, 0x0066, 0xC002, 0xC007, 0xC00C, 0xC011}
    assert WEAK[0x0018] is Weakness.ANONYMOUS
    assert WEAK[0x0003] is Weakness.EXPORT
    assert WEAK[0xC006] is Weakness.PLAINTEXT
    assert WEAK[0xC012] is Weakness.TRIPLE_DES
    assert WEAK[0x009C] is Weakness.STATIC
    assert not {0x0018, 0xC006} & set(EVERYTHING)


def test_trust_file_that_changed_is_read_again(tmp_path: Path) -> None:
    """A verdict must not rest on what the file held before."""
    root, bundle, _ = issue_public(tmp_path, CertificateSettings())
    chain = trusted_certificates(str(bundle.chain))
    assert verify(chain, str(root)).path
    other, _, _ = issue_public(tmp_path, CertificateSettings(issuer="Another"))
    assert "unable to get" in verify(chain, str(other)).problem


def test_nothing_is_asked_when_time_is_over() -> None:
    """An offer that was not made is no refusal."""

    async def ask() -> Settled:
        interview = Interview(address="127.0.0.1", port=9, control=Hello(), deadline=0.0)
        return await interview.settle(Hello())

    settled = asyncio.run(ask())
    assert (settled.certain, settled.answer.ending) == (False, HelloEnding.NOT_ASKED)
