"""Pages of large rows are short, so that reading a journal takes little memory."""

from pathlib import Path

from runtime.ledger.storage.sqlite import PAGE_BYTES, PAGE_ROWS_MAX, SqliteStorage, _page_rows
from tests.runtime.ledger.ledgers import insert, run, with_ads


def test_a_page_is_as_long_as_its_bytes_allow() -> None:
    assert _page_rows([(1, b"")] * 5) == PAGE_ROWS_MAX
    assert _page_rows([(1, b"x" * 100)] * 5) == PAGE_ROWS_MAX
    assert _page_rows([(1, b"x" * (PAGE_BYTES // 10))] * 5) == 10
    assert _page_rows([(1, b"x" * (2 * PAGE_BYTES))]) == 1


def test_large_and_small_documents_are_all_read(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "journal.sqlite")
    ledger = with_ads(storage)
    for number in range(70):
        insert(ledger, n=number, text="x" * (120_000 if 20 < number < 50 else 10))
    assert sorted(run(ledger, "SELECT VALUE a.n FROM Ads AS a")) == list(range(70))
    assert [block.sequence_no for block in storage.blocks(0)] == list(range(72))
    storage.close()
