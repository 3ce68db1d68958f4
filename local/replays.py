"""Replays that a stop of the emulator ended: their executions are lost, their pieces are not."""

from typing import Any

from local.deployer.state import State
from runtime.replays.errors import ReplayError
from runtime.replays.machine import StateMachine
from runtime.replays.records import ReplayTable
from runtime.replays.replay import ACTIVE
from runtime.replays.service import Replays

NEWEST = 100
"""Of all replays; an older one is not under way any more."""
TABLE = "aws:dynamodb/table:Table::replay-records"
MACHINE = "aws:sfn/stateMachine:StateMachine::replay-machine"


def resume_lost(dynamodb: Any, states: Any, deployment: State) -> list[str]:
    """Resume every replay that was under way and is no longer run; their ids.

    One that cannot be resumed now stays as it is: an operator can do that later.
    """
    made = deployment.resources
    if TABLE not in made or MACHINE not in made:
        return []
    records = ReplayTable(dynamodb, made[TABLE].id)
    replays = Replays(records, StateMachine(states, made[MACHINE].id))
    try:
        known = records.list(NEWEST).replays
    except ReplayError:
        return []
    stopped = [one.replay_id for one in known if one.lost or one.status in ACTIVE]
    return [replay_id for replay_id in stopped if _resume(replays, replay_id)]


def _resume(replays: Replays, replay_id: str) -> bool:
    try:
        replays.resume(replay_id)
    except ReplayError:
        return False
    return True
