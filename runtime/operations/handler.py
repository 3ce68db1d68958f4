"""The Lambda function behind the operators' API."""

from runtime.operations.api import operations
from runtime.replays.entries import open_entries
from runtime.replays.machine import open_machine
from runtime.replays.records import open_records
from runtime.replays.service import Replays
from runtime.web.environment import once, required


def _replays() -> Replays:
    table, machine = required("REPLAYS_TABLE", "REPLAY_MACHINE")
    return Replays(open_records(table), open_machine(machine))


handler = operations(once(_replays), once(lambda: open_entries(*required("REPLAY_TABLE"))))
