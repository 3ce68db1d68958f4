"""Which ledgers the outputs name."""

import pytest

from cli.cloud import Cloud
from cli.errors import FailedError

NAMES = ["ads-0", "ads-1", "ads-2"]


@pytest.fixture
def cloud() -> Cloud:
    """None that answers: whatever is called fails."""
    return Cloud(
        {
            "ledgerNames": ",".join(NAMES),
            "journalTableName": "journal",
            "publisherApiEndpoint": "http://127.0.0.1:1/_aws/execute-api/x",
        }
    )


def test_ledgers_count_before_anything_is_in_them(cloud: Cloud) -> None:
    assert list(cloud.journals()) == NAMES
    assert list(cloud.journals(["ads-2", "ads-0"])) == ["ads-2", "ads-0"]


def test_ledgers_that_are_not_there_are_named(cloud: Cloud) -> None:
    with pytest.raises(FailedError, match=r"no ledger ads-3, other-0, only ads-0, ads-1, ads-2"):
        cloud.journals(["other-0", "ads-1", "ads-3"])
