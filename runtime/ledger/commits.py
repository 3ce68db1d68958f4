"""From a transaction to a block: validation against what came since, and the conditional append."""

import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from runtime.ledger.block import Change, Draft, seal
from runtime.ledger.catalog import SYSTEM_TABLE, CatalogCache
from runtime.ledger.chain import Chain
from runtime.ledger.delta import BlockChanges, Delta
from runtime.ledger.errors import HeadMovedError, UnavailableError, UnknownOutcomeError
from runtime.ledger.identifiers import new_id
from runtime.ledger.limits import Limits
from runtime.ledger.redaction import rewritten
from runtime.ledger.storage.port import Commit, JournalStorage, QueuingStorage, StoredBlock
from runtime.ledger.transaction import Transaction
from runtime.ledger.workspace import Workspace

BEFORE_ALL = -1
"""The sequence number before the first block's."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A block that is ready to be appended."""

    draft: Draft
    commit: Commit
    changes: BlockChanges


class Committer:
    """Appends the blocks of one ledger; threads may share it.

    Threads of one process take turns in sealing, since one chain has one next block. Other
    processes are met at the store, where the append fails when they were first.
    """

    def __init__(
        self,
        storage: JournalStorage,
        catalogs: CatalogCache,
        limits: Limits,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Know nothing of the journal yet."""
        self._storage = storage
        self._catalogs = catalogs
        self._delta = Delta(storage, limits)
        self._queues_appends = isinstance(storage, QueuingStorage)
        self._chain = Chain(storage, self._delta, trusts_own=self._queues_appends)
        self._limits = limits
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._turn = threading.RLock()

    def commit(self, transaction: Transaction) -> int | None:
        """Append what the transaction wrote; the block's sequence number, None for no block.

        Raises ConflictError when what it read was changed, HeadMovedError when others were always
        first, UnknownOutcomeError when the store fell silent in the middle.
        """
        workspace = transaction.workspace
        if workspace.changes_anything:
            return self._append(transaction)
        # One read, of one moment, holds at that moment: there is nothing to compare.
        if workspace.storage_reads > 1:
            head = self._storage.head()
            origin = _sequence_no(workspace.origin)
            if head is not None:
                self._validate(workspace, self._delta.between(origin + 1, head))
            workspace.reads.check_catalog(self._catalogs.at(head))
        return None

    def strand_id(self, block: StoredBlock) -> str:
        """The id of the strand a block is on."""
        return self._delta.keep(block).strand_id

    def _append(self, transaction: Transaction) -> int:
        ends_at_s = self._monotonic() + self._limits.append_s_max
        attempt = 0
        while attempt < self._limits.append_attempts_max and self._monotonic() < ends_at_s:
            number = self._attempt(transaction, first=attempt == 0)
            if number is not None:
                return number
            # The first attempt may have been upon a head from some time ago: that proves no rush.
            if attempt > 0:
                self._give_way(attempt)
            attempt += 1
        raise HeadMovedError(
            f"transaction {transaction.id} found another writer first {attempt} times, the last"
            f" after at most {self._limits.append_s_max} s, and was not committed: try it again"
        )

    def _attempt(self, transaction: Transaction, *, first: bool) -> int | None:
        """Seal the transaction upon the tip and append it; None when another writer was first."""
        workspace = transaction.workspace
        with self._turn:
            head, previous = self._chain.tip(workspace.origin, first=first)
            if not workspace.begun:
                workspace.begin_at(head, first=first)
            since = self._chain.since(_sequence_no(workspace.origin))
            committed = self._validate(workspace, since)
            if committed is not None:
                return committed
            workspace.reads.check_catalog(self._catalogs.at(head))
            sealed = self._seal(transaction, head, previous)
            alone = sealed.draft.changes_catalog or sealed.commit.redactions
            if alone or self._chain.is_full or not self._queues_appends:
                return self._deliver(sealed, workspace)
            self._chain.push(sealed.commit.block, sealed.changes)
        return self._deliver(sealed, workspace)

    def _validate(self, workspace: Workspace, blocks: Iterable[BlockChanges]) -> int | None:
        """Compare the reads with the blocks since the begin; ConflictError when one is stale.

        The block's number when the transaction turns out to be committed already: an append that
        was answered with a failure may have taken effect all the same.
        """
        for block in blocks:
            if block.transaction_id == workspace.transaction_id:
                return block.sequence_no
            workspace.reads.check(block)
        return None

    def _deliver(self, sealed: Sealed, workspace: Workspace) -> int | None:
        """Append a sealed block; its number, None when another writer was first."""
        block = sealed.commit.block
        appended = False
        try:
            appended = self._appended(sealed.draft, sealed.commit)
        finally:
            with self._turn:
                self._chain.settle(block, sealed.changes, appended=appended)
        if not appended:
            return None
        if sealed.draft.changes_catalog:
            defined = workspace.writes.of_table(SYSTEM_TABLE.table_id)
            ids = [write.document_id for write in defined]
            self._catalogs.keep(workspace.catalog, ids, block.sequence_no)
        return block.sequence_no

    def _seal(
        self, transaction: Transaction, head: StoredBlock | None, previous: BlockChanges | None
    ) -> Sealed:
        draft = self._draft(transaction, previous)
        commit = seal(draft, head)
        row = transaction.workspace.redaction
        if row is not None:
            commit = replace(commit, redactions=(rewritten(self._storage, row),))
        changes = BlockChanges(
            sequence_no=commit.block.sequence_no,
            strand_id=draft.strand_id,
            transaction_id=draft.transaction_id,
            timestamp=draft.block_timestamp,
            changes=tuple(draft.changes),
        )
        return Sealed(draft, commit, changes)

    def _draft(self, transaction: Transaction, previous: BlockChanges | None) -> Draft:
        workspace = transaction.workspace
        started = [statement.start_time for statement in transaction.statements]
        # The wall clock may go back, or differ between machines; the journal's times do not.
        earliest = [] if previous is None else [previous.timestamp]
        tx_time = max(self._now(), *started[-1:], *earliest)
        return Draft(
            strand_id=new_id() if previous is None else previous.strand_id,
            transaction_id=transaction.id,
            statements=transaction.statements,
            changes=[
                Change(
                    table_id=write.table.table_id,
                    table_name=write.table.name,
                    document_id=write.document_id,
                    version=write.version,
                    data=write.data,
                    statements=write.statements,
                )
                for write in workspace.writes
            ],
            tx_time=tx_time,
            block_timestamp=max(self._now(), tx_time),
            index_entries=tuple(workspace.index_entries()),
            redaction_info=(
                None if workspace.redaction is None else {"revisions": [workspace.redaction]}
            ),
            changes_catalog=bool(workspace.writes.of_table(SYSTEM_TABLE.table_id)),
            data=[write.hashed for write in workspace.writes],
        )

    def _appended(self, draft: Draft, commit: Commit) -> bool:
        """Append the block; False when another writer's is in its place.

        When the store does not answer, the block is looked for and, if nothing is in its place,
        appended again: the two appends are of one block, so that only one of them can succeed.
        """
        number = commit.block.sequence_no
        silent: UnavailableError | None = None
        for attempt in range(self._limits.unavailable_attempts_max):
            try:
                found = self._block(number) if silent is not None else None
                if found is not None:
                    return found.block_hash == commit.block.block_hash
                self._storage.append(commit)
                return True
            except HeadMovedError:
                if silent is None:
                    return False
            except UnavailableError as error:
                silent = error
                self._back_off(attempt)
        raise UnknownOutcomeError(
            f"the store fell silent while block {number} was appended, so it may be in the journal"
            f" or not: look for transaction {draft.transaction_id} before repeating it"
        ) from silent

    def _block(self, number: int) -> StoredBlock | None:
        return next(iter(self._storage.blocks(number, number)), None)

    def _give_way(self, attempt: int) -> None:
        """Wait for rivals, the less the more often they were first: so each gets its turn."""
        bound_ms = self._limits.contention_ms_max * 0.5**attempt
        self._sleep(random.uniform(0, bound_ms) / 1000)  # noqa: S311 - it only spreads the writers.

    def _back_off(self, attempt: int) -> None:
        bound_ms = min(self._limits.backoff_ms_max, self._limits.backoff_base_ms * 2.0**attempt)
        self._sleep(random.uniform(0, bound_ms) / 1000)  # noqa: S311 - it only spreads the writers.


def _sequence_no(block: StoredBlock | None) -> int:
    return BEFORE_ALL if block is None else block.sequence_no
