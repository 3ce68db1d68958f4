"""The whole system, from settings to exports; `pulumi up` runs it, and so does the local stack."""

import pulumi

import infra
from infra import grants, replay_grants, snapshot_grants
from infra.api import route
from infra.apis import Apis
from infra.arguments import events, guard, page, partner, search
from infra.provider import provider
from infra.routes import COMMANDS, OPERATIONS, QUERIES, SEARCHES
from infra.search_domain import access
from infra.settings import read
from infra.workers import Workers

INDEX = "ads"

settings = read()
opts = pulumi.ResourceOptions(provider=provider(settings))
workers = Workers(settings, opts)

ledger = infra.Ledger("journal", guard(settings), opts)
stream = infra.JournalStream(
    "journal-stream",
    {
        "table_name": ledger.table_name,
        "table_arn": ledger.table_arn,
        "table_stream_arn": ledger.stream_arn,
        "ledger_name": settings.ledger_name,
        "retention_hours": settings.stream_retention_hours,
        "publisher": workers.publishing("publish_journal"),
    },
    opts,
)
state = infra.StateStore("state", guard(settings), opts)
index = infra.SearchDomain("search-index", search(settings), opts)
bus = infra.EventBus("events", events(settings), opts)

of_ledger = {
    "JOURNAL_TABLE": ledger.table_name,
    "LEDGER_NAME": settings.ledger_name,
    "LEDGER_SHARDS": str(settings.ledger_shards),
}
of_state = {"STATE_TABLE": state.table_name}
of_index = {"SEARCH_ENDPOINT": index.endpoint, "SEARCH_INDEX": INDEX}
of_all = of_ledger | of_state | of_index
reads_journal = grants.read_journal(ledger.table_arn)
appends = grants.append_journal(ledger.table_arn)
reads_state = grants.read_state(state.table_arn)
writes_state = grants.write_state(state.table_arn)
searches = grants.read_search(index.domain_arn, INDEX)
indexes = grants.write_search(index.domain_arn, INDEX)
rebuilds = replay_grants.rebuild_search(index.domain_arn, INDEX)

commands = workers.answering("commands", reads_journal, appends, environment=of_ledger)
queries = workers.answering("queries", reads_journal, reads_state, environment=of_ledger | of_state)
searcher = workers.answering("search", searches, environment=of_index)
workers.projecting("project_state", stream.stream_arn, writes_state, environment=of_state)
indexer = workers.projecting("project_search", stream.stream_arn, indexes, environment=of_index)
teller = workers.telling(
    "publish_events", stream.stream_arn, bus, reads_journal, environment=of_ledger
)
if settings.partner_queue:
    infra.PartnerQueue("partner", partner(bus), opts)
snapshots = workers.snapshotting("snapshot", reads_journal, environment=of_ledger)
reads_snapshots = snapshot_grants.read_snapshots(snapshots.bucket_arn)
replay = workers.replaying(
    *("replay", reads_journal, writes_state, rebuilds, *reads_snapshots),
    environment=of_all | {"SNAPSHOT_BUCKET": snapshots.bucket_name},
)
operations = workers.answering(
    *("operations", *replay.statements, *snapshots.statements, *stream.statements),
    *(reads_journal, grants.compare_state(state.table_arn), searches),
    environment=of_all | replay.environment | snapshots.environment | stream.tells(teller),
)
uses = access(index, INDEX, readers=[searcher, operations], writers=[indexer], rebuilders=[replay])
infra.SearchAccess("search-access", uses, opts)

pages = [infra.Page("page", page(settings), opts)] if settings.page else []
apis = Apis(settings, opts, *(each.url for each in pages))
publishing = [route("commands", commands, *COMMANDS), route("queries", queries, *QUERIES)]
publisher_api = apis.public("publisher-api", *publishing)
client_api = apis.public("client-api", route("search", searcher, *SEARCHES))
operations_api = apis.signed("operations-api", route("operations", operations, *OPERATIONS))

pulumi.export("publisherApiEndpoint", publisher_api.endpoint)
pulumi.export("clientApiEndpoint", client_api.endpoint)
pulumi.export("operationsApiEndpoint", operations_api.endpoint)
pulumi.export("searchEndpoint", index.endpoint)
pulumi.export("journalTableName", ledger.table_name)
pulumi.export("ledgerNames", ",".join(settings.ledger_names))
pulumi.export("streamName", stream.stream_name)
pulumi.export("stateTableName", state.table_name)
pulumi.export("eventBusName", bus.bus_name)
pulumi.export("eventWorkerName", teller.function_name)
pulumi.export("snapshotBucketName", snapshots.bucket_name)
for each in pages:
    each.tell(publisher_api, operations_api)
    pulumi.export("pageUrl", each.url)
