"""A maker for each type of resource that the program may ask for."""

from local.deployer.resources import (
    apis,
    buckets,
    events,
    functions,
    logs,
    machines,
    queues,
    roles,
    schedules,
    search,
    streams,
    tables,
)
from local.deployer.resources.maker import Maker

FAMILIES = (
    *(apis, buckets, events, functions, logs, machines, queues),
    *(roles, schedules, search, streams, tables),
)
MAKERS: dict[str, type[Maker]] = {
    maker.type: maker for family in FAMILIES for maker in family.MAKERS
}
"""By Pulumi type."""
