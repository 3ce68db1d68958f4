"""`adledger tail`: changes of ads as they are committed, out of the journal itself."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from cli.cloud import Cloud, reaching
from cli.screen import Screen, plain, told
from runtime.ads.revision import AdRevision
from runtime.journal.revisions import block_revisions
from runtime.ledger.storage.port import JournalStorage
from runtime.web.ad_bodies import version_body

POLL_S: Final = 0.5
KINDS: Final = {"created": "green", "changed": "yellow", "deleted": "red"}


@dataclass(frozen=True, slots=True)
class Following:
    """Which changes are wanted, and when to stop."""

    ad_id: str | None = None
    publisher_id: str | None = None
    """A deletion does not say whose ad it was, so it is shown for ads seen before alone."""
    since: int | None = None
    """The block to begin with, in every ledger; None for what comes from now on."""
    count_max: int | None = None
    quiet_s: float | None = None
    """Stop when nothing came for so long."""


def tail(screen: Screen, cloud: Cloud, following: Following, ledgers: list[str] | None) -> None:
    """Show changes until interrupted, or as `following` says."""
    journals = cloud.journals(ledgers)
    told_changes = changes(journals, following)
    screen.note(f"following {', '.join(journals)}; Ctrl-C ends it")
    for name, number, revision in told_changes:
        body = {"ledger": name, "sequenceNo": number, **version_body(revision)}
        screen.line(body, lambda console, body=body: _show(console, body))


def changes(
    journals: Mapping[str, JournalStorage],
    following: Following,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[tuple[str, int, AdRevision]]:
    """Ledger, block and revision of each change, in each ledger's order, as they come.

    Where each ledger is now is looked up at once, the rest as it is asked for.
    """
    places = {name: _start(name, journal, following) for name, journal in journals.items()}
    return _following(journals, places, following, sleep, monotonic)


def _following(
    journals: Mapping[str, JournalStorage],
    places: dict[str, int],
    following: Following,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> Iterator[tuple[str, int, AdRevision]]:
    mine: set[str] = set()
    told_count, came_at = 0, monotonic()
    while True:
        for name, number, revision in _new(journals, places):
            if not _wanted(revision, following, mine):
                continue
            yield name, number, revision
            told_count, came_at = told_count + 1, monotonic()
            if told_count == following.count_max:
                return
        if following.quiet_s is not None and monotonic() - came_at >= following.quiet_s:
            return
        sleep(POLL_S)


def _start(name: str, journal: JournalStorage, following: Following) -> int:
    if following.since is not None:
        return following.since
    with reaching(f"ledger {name}"):
        head = journal.head()
    return 0 if head is None else head.sequence_no + 1


def _new(
    journals: Mapping[str, JournalStorage], places: dict[str, int]
) -> Iterator[tuple[str, int, AdRevision]]:
    """What has come since; `places` move on with it."""
    for name, journal in journals.items():
        with reaching(f"ledger {name}"):
            for block in journal.blocks(places[name]):
                for revision in block_revisions(block.ion):
                    yield name, block.sequence_no, revision
                places[name] = block.sequence_no + 1


def _wanted(revision: AdRevision, following: Following, mine: set[str]) -> bool:
    if following.ad_id is not None and revision.ad_id != following.ad_id:
        return False
    if following.publisher_id is None:
        return True
    if revision.fields is not None and revision.fields["publisherId"] == following.publisher_id:
        mine.add(revision.ad_id)
    return revision.ad_id in mine


def _show(console: Console, body: Mapping[str, Any]) -> None:
    deleted = bool(body.get("deleted"))
    kind = "deleted" if deleted else "changed" if body["version"] else "created"
    line = Text(f"{body['txTime']}  {body['ledger']}/{body['sequenceNo']:<8} ")
    line.append(f"{kind}  ", style=KINDS[kind])
    line.append(f"{body['adId']} v{body['version']}")
    if not deleted:
        told_price = told(body["price"])
        line.append(plain(f"  {body['publisherId']}  {told_price} {body['currency']}  "))
        line.append(told(body["adTitle"]), style="bold")
    console.print(line)
