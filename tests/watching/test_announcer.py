"""What is due reaches its channels beside the rounds, through failures and restarts, and nothing twice."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gonogo.evidence.watch import AlertState, Announcement, Receipt, Unsent
from gonogo.families.watch.alerts import Alert
from gonogo.families.watch.journal import Journal
from gonogo.watching.announcer import MAY_HAVE_BEEN_SENT, Announcer, ChannelDown, Outbox, Pauses
from tests.watching.told import BEGAN, Remembered, announcement, watch_of

QUICK = Pauses(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=4))
NEVER = Pauses(first=timedelta(hours=1), longest=timedelta(hours=1))


class Double:
    """A channel that does what a test wants: each entry of ``fails`` is one attempt that fails with it."""

    def __init__(
        self,
        name: str = "oncall",
        *,
        fails: Sequence[Exception] = (),
        away: Sequence[Exception] = (),
        renewed: timedelta | None = None,
    ) -> None:
        self.name = name
        self.renewed = renewed
        self.fails, self.away = list(fails), list(away)
        self.sent: list[list[str]] = []
        self.open = threading.Event()
        self.open.set()
        self.asked = threading.Event()

    def check(self) -> None:
        """Fail with what it was told to."""
        if self.away:
            raise self.away.pop(0)

    def send(self, announcements: Sequence[Announcement]) -> str:
        """Wait until it is open, then fail or take it."""
        self.asked.set()
        self.open.wait(20)
        if self.fails:
            raise self.fails.pop(0)
        self.sent.append([f"{one.alert} {one.number}" for one in announcements])
        return "taken"


@contextmanager
def announcing(
    outbox: Outbox, *channels: Double, unsent: Sequence[Unsent] = (), pauses: Pauses = QUICK
) -> Iterator[Announcer]:
    """An announcer that ends whatever happens."""
    announcer = Announcer(channels, outbox, unsent=unsent, pauses=pauses)
    try:
        yield announcer
    finally:
        for channel in channels:
            channel.open.set()
        announcer.end(timedelta(seconds=20))


def delivered(number: int) -> Callable[[Sequence[Receipt]], bool]:
    """A condition: so many receipts of what arrived."""
    return lambda receipts: sum(receipt.delivered for receipt in receipts) >= number


def test_one_round_is_one_message() -> None:
    """Claimed before it is sent; a receipt for each alert."""
    outbox, channel = Remembered(), Double()
    with announcing(outbox, channel) as announcer:
        announcer.put([announcement(), announcement(alert="slow-1")])
        receipts = outbox.wait(delivered(2))
    assert channel.sent == [["api-errors-1 1", "slow-1 1"]]
    assert [(one.alert, one.event, one.attempts, one.answer) for one in receipts] == [
        ("api-errors-1", "began", 1, "taken"),
        ("slow-1", "began", 1, "taken"),
    ]
    assert len(outbox.claimed) == 2


def test_channel_that_is_down_is_tried_again_with_what_is_new() -> None:
    """At once, whatever its pause: the next channel waits for how that ends. The page has the reason."""
    outbox, channel = Remembered(), Double(fails=[ChannelDown("it answered 500")])
    with announcing(outbox, channel, pauses=NEVER) as announcer:
        announcer.put([announcement()])
        (failure,) = outbox.wait(bool)
        state = announcer.states()["oncall"]
        assert (failure.delivered, failure.tried_again, failure.answer) == (False, True, "it answered 500")
        assert (state.reason, state.waiting, state.down_since is not None) == ("it answered 500", 1, True)
        announcer.put([announcement(number=2, event="reminded")])
        receipts = outbox.wait(delivered(2))
        state = announcer.states()["oncall"]
        assert (state.down_since, state.reason, state.waiting) == (None, "", 0)
    assert channel.sent == [["api-errors-1 1", "api-errors-1 2"]]
    assert [(one.number, one.attempts, one.delivered) for one in receipts] == [
        (1, 1, False),
        (1, 2, True),
        (2, 1, True),
    ]


def test_what_becomes_due_during_an_attempt_does_not_wait_for_its_pause() -> None:
    """Somebody else may have to be told in this channel's place."""
    outbox, channel = Remembered(), Double(fails=[ChannelDown("no")])
    channel.open.clear()
    with announcing(outbox, channel, pauses=NEVER) as announcer:
        announcer.put([announcement()])
        assert channel.asked.wait(20)
        announcer.put([announcement(alert="slow-1")])
        channel.open.set()
        outbox.wait(delivered(2))
    assert channel.sent == [["api-errors-1 1", "slow-1 1"]]


def test_it_goes_on_trying_by_itself() -> None:
    """Nobody needs to ask."""
    outbox, channel = Remembered(), Double(fails=[ChannelDown("no")] * 5)
    with announcing(outbox, channel) as announcer:
        announcer.put([announcement()])
        assert outbox.wait(delivered(1))[-1].attempts == 6


def test_channel_that_is_not_there_is_seen_before_anybody_needs_it() -> None:
    """It is looked for when the watch begins, and again until it is there; nobody was told anything by that."""
    channel = Double(away=[ChannelDown("refused")])
    with announcing(Remembered(), channel, pauses=NEVER) as announcer:
        assert _comes(lambda: announcer.states()["oncall"].reason == "refused")
    channel = Double(away=[ChannelDown("refused")] * 3)
    with announcing(Remembered(), channel) as announcer:
        assert _comes(lambda: not channel.away and announcer.states()["oncall"].down_since is None)
        assert announcer.states()["oncall"].told is None
    assert channel.sent == []


def _comes(condition: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(condition() or pause.wait(0.01) for _ in range(2000))


def test_pauses_grow_up_to_a_bound_and_differ() -> None:
    """Many watchers of one service that comes back do not all ask at once."""
    pauses = Pauses()
    for failures, seconds in ((1, 2), (2, 4), (3, 8), (6, 60), (10_000, 60)):
        found = {pauses.after(failures) for _ in range(20)}
        assert len(found) > 1
        assert all(0.75 * seconds <= pause <= 1.25 * seconds for pause in found)


def test_exception_of_a_library_is_told_without_its_words() -> None:
    """They may hold the address."""
    outbox, channel = Remembered(), Double(fails=[OSError("https://hooks.example/SECRET-TOKEN")])
    with announcing(outbox, channel, pauses=NEVER) as announcer:
        announcer.put([announcement()])
        (failure,) = outbox.wait(bool)
        assert failure.answer == announcer.states()["oncall"].reason == "it failed with OSError"


def test_channel_that_hangs_holds_up_neither_a_round_nor_another_channel() -> None:
    """At the end what it was told may have arrived, and what it was not told did not."""
    outbox, hangs, other = Remembered(), Double(), Double("team")
    hangs.open.clear()
    with announcing(outbox, hangs, other) as announcer:
        announcer.put([announcement()])
        assert hangs.asked.wait(20)
        announcer.put([announcement(number=2), announcement(channel="team")])
        outbox.wait(delivered(1))
        assert other.sent == [["api-errors-1 1"]]
        left = announcer.end(timedelta(milliseconds=10))
        assert [one.number for one in left] == [1, 2]
        # Where it ends does not matter any more.
        hangs.open.set()
    # It comes back when everything is over, and nothing is sent in its name any more.
    answers = {one.number: one.answer for one in outbox.receipts if one.channel == "oncall"}
    assert hangs.sent == [["api-errors-1 1"]]
    assert answers == {1: MAY_HAVE_BEEN_SENT, 2: "not sent before the watch ended: it took too long"}


def test_end_says_what_was_not_told() -> None:
    """One more attempt, then a receipt that is the last."""
    outbox, channel = Remembered(), Double(fails=[ChannelDown("it answered 500")] * 2)
    with announcing(outbox, channel, pauses=NEVER) as announcer:
        announcer.put([announcement()])
        outbox.wait(bool)
        assert len(announcer.end(timedelta(seconds=20))) == 1
    last = outbox.receipts[-1]
    assert (last.attempts, last.tried_again) == (2, False)
    assert last.answer == "not sent before the watch ended: it answered 500"


def test_what_stands_is_told_again_to_those_who_want_it() -> None:
    """After a restart as well, when nothing is new; it leaves no receipts, and others are not bothered."""
    outbox = Remembered()
    wants, other = Double("alertmanager", renewed=timedelta(milliseconds=1)), Double()
    stands = [announcement(channel="alertmanager"), announcement()]
    with announcing(outbox, wants, other) as announcer:
        announcer.put([], stands)
        assert wants.asked.wait(20)
        wants.asked.clear()
        assert wants.asked.wait(20)
        announcer.put([], [])
    assert set(map(tuple, wants.sent)) == {("api-errors-1 1",)}
    assert (other.sent, outbox.receipts) == ([], [])


def _journal(path: Path) -> Journal:
    return Journal.open(path / "journal.sqlite3", environment="production")


def _round(journal: Journal, *announcements: Announcement) -> None:
    journal.resume(BEGAN, watch=watch_of())
    alert = Alert(threshold="api-errors", state=AlertState.FIRING, id="api-errors-1", number=1)
    journal.round(at=0.0, utc=BEGAN, readings={}, due=(), alerts={"api-errors": alert}, announcements=announcements)


@pytest.mark.parametrize("tells_duplicates_apart", [False, True])
def test_watcher_that_dies_while_it_tells(tmp_path: Path, *, tells_duplicates_apart: bool) -> None:
    """What was not begun is sent; what was begun is sent again where that is one message still, and else on record."""
    with _journal(tmp_path) as journal:
        _round(journal, announcement(), announcement(alert="slow-1"))
        journal.claim([announcement()])
    channel = Double(renewed=timedelta(hours=1) if tells_duplicates_apart else None)
    with _journal(tmp_path) as journal:
        with announcing(journal, channel, unsent=journal.unsent()) as announcer:
            assert announcer.end(timedelta(seconds=20)) == ()
        receipts = {one.alert: (one.delivered, one.answer) for one in journal.receipts()}
        assert journal.unsent() == []
    assert receipts["slow-1"] == (True, "taken")
    if tells_duplicates_apart:
        assert channel.sent == [["api-errors-1 1", "slow-1 1"]]
        assert receipts["api-errors-1"] == (True, "taken")
    else:
        assert channel.sent == [["slow-1 1"]]
        assert receipts["api-errors-1"] == (False, MAY_HAVE_BEEN_SENT)


def test_what_was_delivered_is_not_told_after_a_restart(tmp_path: Path) -> None:
    """And what failed before it is tried again."""
    failing = Double(fails=[ChannelDown("it answered 500")])
    with _journal(tmp_path) as journal:
        _round(journal, announcement(channel="team"), announcement())
        announcer = Announcer([failing, Double("team")], journal, unsent=journal.unsent(), pauses=NEVER)
        # The process dies here: nobody ends the announcer.
        assert _comes(lambda: len(journal.receipts()) == 2)
        assert announcer.states()["oncall"].waiting == 1
    again, team = Double(), Double("team")
    with _journal(tmp_path) as journal, announcing(journal, again, team, unsent=journal.unsent()) as announcer:
        announcer.end(timedelta(seconds=20))
    assert (again.sent, team.sent) == ([["api-errors-1 1"]], [])


def test_channel_that_is_not_declared_any_more_is_told_nothing(tmp_path: Path) -> None:
    """The receipt says why."""
    with _journal(tmp_path) as journal:
        _round(journal, announcement(channel="former"))
        with announcing(journal, Double(), unsent=journal.unsent()):
            (receipt,) = journal.receipts()
    assert (receipt.delivered, receipt.answer) == (False, "the channel is not in watch.channels any more")
