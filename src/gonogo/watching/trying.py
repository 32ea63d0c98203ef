"""``gonogo watch --test-channels``: a message to every channel before the launch, so that nobody finds out during it."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from gonogo.base.errors import UsageError
from gonogo.evidence.watch import TESTED, AlertState, Announcement, Receipt
from gonogo.families.watch.channel_tests import note_tests
from gonogo.families.watch.section import Launch, Watch
from gonogo.watching.announcer import Channel, ChannelDown
from gonogo.watching.channels import channels_of
from gonogo.watching.messages import Letterhead
from gonogo.watching.opening import WatchRequest, journal_path, prepared_watch


def try_channels(request: WatchRequest, environ: Mapping[str, str]) -> Iterator[Receipt]:
    """Send each channel a test, all at once; a receipt for each, in the order of the section, which is kept beside the journal.

    The journal itself is not touched, so that a watch may go on meanwhile. Raises UsageError: no channel, or one whose
    secret is none; a record that cannot be written.
    """
    with prepared_watch(request, environ) as prepared:
        environment = prepared.plan.environment
        watch, launch = environment.section(Watch) or Watch(), environment.section(Launch) or Launch()
        where = f"environments/{request.environment}.toml"
        if not watch.channels:
            raise UsageError(f"{where}: watch.channels: names no channel; add one, or name it with --tell NAME=SECRET")
        head = Letterhead(environment=request.environment, zone=launch.zone_info, redactor=prepared.redactor)
        channels = channels_of(watch, prepared.secrets, head, where=where)
        with ThreadPoolExecutor(max_workers=len(channels)) as at_once:
            receipts = at_once.map(lambda channel: _told(channel, datetime.now(UTC)), channels)
            redacted = [replace(receipt, answer=prepared.redactor.text(receipt.answer)) for receipt in receipts]
        yield from redacted
        addresses = {name: prepared.secrets[secret] for name, secret in watch.channels.items()}
        note_tests(journal_path(watch, request.environment), redacted, addresses)


def _told(channel: Channel, utc: datetime) -> Receipt:
    test = Announcement(
        alert=f"test-{utc:%Y%m%dT%H%M%S}",
        channel=channel.name,
        number=1,
        event=TESTED,
        at=0.0,
        utc=utc,
        threshold="gonogo-test",
        title="A test of gonogo watch: no action is needed",
        severity="none",
        state=AlertState.OK,
        since=utc,
        reason="nothing is wrong",
    )
    try:
        answer, delivered = channel.send([test]), True
    except ChannelDown as error:
        answer, delivered = str(error), False
    except Exception as error:  # noqa: BLE001 - libraries of channels raise what they like, with addresses in it
        answer, delivered = f"it failed with {type(error).__name__}", False
    return Receipt(
        alert=test.alert,
        channel=channel.name,
        event=TESTED,
        utc=datetime.now(UTC),
        attempts=1,
        delivered=delivered,
        answer=answer,
    )
