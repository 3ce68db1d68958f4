"""A maker for each type of resource that the program may ask for."""

from local.deployer.resources import (
    apis,
    events,
    functions,
    logs,
    machines,
    queues,
    roles,
    search,
    streams,
    tables,
)
from local.deployer.resources.maker import Maker

MAKERS: dict[str, type[Maker]] = {
    maker.type: maker
    for module in (apis, events, functions, logs, machines, queues, roles, search, streams, tables)
    for maker in module.MAKERS
}
"""By Pulumi type."""
