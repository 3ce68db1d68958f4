"""Pages of large rows are short, so that reading a journal takes little memory."""

from pathlib import Path

from runtime.ledger.storage.sqlite import PAGE_BYTES, PAGE_ROWS_MAX, SqliteStorage
from runtime.ledger.storage.sqlite_file import IDLE_READERS_MAX, Row, SqliteFile
from tests.runtime.ledger.ledgers import insert, run, with_ads

LARGE_BYTES = 120_000


class PagedFile(SqliteFile):
    """Keeps what each page had."""

    pages: list[list[Row]]

    def page(
        self, rows_max: int, bytes_max: int, query: str, *parameters: object
    ) -> tuple[list[Row], bool]:
        rows, more = super().page(rows_max, bytes_max, query, *parameters)
        self.pages.append(rows)
        return rows, more


def test_a_page_is_as_long_as_its_bytes_allow(tmp_path: Path) -> None:
    file = PagedFile(tmp_path / "journal.sqlite")
    file.pages = []
    storage = SqliteStorage(tmp_path / "journal.sqlite", open_file=lambda _: file)
    ledger = with_ads(storage)
    for number in range(PAGE_ROWS_MAX + 20):
        insert(ledger, n=number, text="x" * (LARGE_BYTES if number % 2 and number > 200 else 10))
    file.pages.clear()
    assert len(list(storage.blocks(2))) == PAGE_ROWS_MAX + 20
    sizes = [[len(row[-1]) for row in rows] for rows in file.pages]
    assert len(sizes) > 5
    for page in sizes[:-1]:
        assert sum(page[:-1]) < PAGE_BYTES <= sum(page)
    storage.close()


def test_a_page_of_small_rows_ends_too(tmp_path: Path) -> None:
    file = PagedFile(tmp_path / "journal.sqlite")
    file.pages = []
    storage = SqliteStorage(tmp_path / "journal.sqlite", open_file=lambda _: file)
    ledger = with_ads(storage)
    for number in range(PAGE_ROWS_MAX):
        insert(ledger, n=number)
    file.pages.clear()
    assert len(list(storage.blocks(2))) == PAGE_ROWS_MAX
    assert [len(rows) for rows in file.pages] == [PAGE_ROWS_MAX, 0]
    storage.close()


def test_large_and_small_documents_are_all_read(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "journal.sqlite")
    ledger = with_ads(storage)
    for number in range(70):
        insert(ledger, n=number, text="x" * (LARGE_BYTES if 20 < number < 50 else 10))
    assert sorted(run(ledger, "SELECT VALUE a.n FROM Ads AS a")) == list(range(70))
    assert [block.sequence_no for block in storage.blocks(0)] == list(range(72))
    storage.close()


def test_few_connections_are_kept_for_later(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "journal.sqlite")
    readers = [file._take() for _ in range(3 * IDLE_READERS_MAX)]
    for reader in readers:
        file._give_back(reader)
    assert len(file._idle) == IDLE_READERS_MAX
    file.close()
