"""Plans of the whole program and of single components, as this project's AWS would answer them."""

import functools
import json
from collections.abc import Callable
from typing import Any

from pulumi.runtime import mocks

from infra.packages import ROOT
from infra.worker import Platform
from local.engine import Cloud, run
from local.plan import Plan, Resource

ACCOUNT = "eu-west-1:123456789012"
FUNCTION = "aws:lambda/function:Function"
EVENT_SOURCE = "aws:lambda/eventSourceMapping:EventSourceMapping"
TABLE = "aws:dynamodb/table:Table"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
QUEUE = "aws:sqs/queue:Queue"
DOMAIN = "aws:opensearch/domain:Domain"
STATE_MACHINE = "aws:sfn/stateMachine:StateMachine"
EVENT_BUS = "aws:cloudwatch/eventBus:EventBus"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
EVENT_BUS_POLICY = "aws:cloudwatch/eventBusPolicy:EventBusPolicy"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
REGISTRY = "aws:schemas/registry:Registry"
REGISTRY_POLICY = "aws:schemas/registryPolicy:RegistryPolicy"
SCHEMA = "aws:schemas/schema:Schema"
BUCKET = "aws:s3/bucket:Bucket"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
SCHEDULE = "aws:scheduler/schedule:Schedule"
DOMAIN_POLICY = "aws:opensearch/domainPolicy:DomainPolicy"

# No layer is built for a plan: its contents change nothing in it.
STAND_IN = {"adledger:layerArchive": "/stand-in/layer.zip"}

COMPUTED: dict[str, Callable[[str, dict[str, Any]], dict[str, Any]]] = {
    TABLE: lambda name, _: {
        "arn": f"arn:aws:dynamodb:{ACCOUNT}:table/{name}",
        "streamArn": f"arn:aws:dynamodb:{ACCOUNT}:table/{name}/stream/2026",
    },
    EVENT_BUS: lambda name, _: {"arn": f"arn:aws:events:{ACCOUNT}:event-bus/{name}"},
    EVENT_RULE: lambda name, inputs: {
        "arn": f"arn:aws:events:{ACCOUNT}:rule/{inputs.get('eventBusName', '')}/{name}"
    },
    BUCKET: lambda name, _: {"arn": f"arn:aws:s3:::{name}"},
    DISTRIBUTION: lambda name, _: {
        "arn": f"arn:aws:cloudfront::123456789012:distribution/{name}",
        "domainName": f"{name}.cloudfront.example",
    },
    REGISTRY: lambda name, _: {"arn": f"arn:aws:schemas:{ACCOUNT}:registry/{name}"},
    STATE_MACHINE: lambda name, _: {"arn": f"arn:aws:states:{ACCOUNT}:stateMachine:{name}"},
    "aws:kinesis/stream:Stream": lambda name, _: {
        "arn": f"arn:aws:kinesis:{ACCOUNT}:stream/{name}"
    },
    FUNCTION: lambda name, _: {"invokeArn": f"arn:aws:apigateway:invoke:{name}"},
    QUEUE: lambda name, _: {
        "arn": f"arn:aws:sqs:{ACCOUNT}:{name}",
        "url": f"https://sqs.example/{name}",
    },
    LOG_GROUP: lambda name, _: {"arn": f"arn:aws:logs:{ACCOUNT}:log-group:{name}"},
    "aws:apigatewayv2/api:Api": lambda name, _: {
        "apiEndpoint": f"https://{name}.execute-api.example",
        "executionArn": f"arn:aws:execute-api:{ACCOUNT}:{name}",
    },
    DOMAIN: lambda name, _: {
        "arn": f"arn:aws:es:{ACCOUNT}:domain/{name}",
        "endpoint": f"{name}.es.example",
        "domainName": name,
    },
}

PLATFORM: Platform = {
    "runtime": "python3.13",
    "architecture": "arm64",
    "layers": ["arn:layer"],
    "memory_mb": 512,
    "namespace": "adledger",
    "log_level": "WARNING",
    "log_retention_days": 14,
    "tracing": True,
}


class Blank(Cloud):
    """A cloud that tells nothing before it has made a thing: every output stays unknown."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        return None, args.inputs


@functools.cache
def planned(stack: str, preview: bool = False) -> Plan:
    """The whole program's plan for a stack."""
    return run(ROOT, stack, Cloud(computed=COMPUTED), preview=preview, config=STAND_IN)


def planned_blank(stack: str) -> Plan:
    """The whole program's preview where nothing is known of what does not exist yet."""
    return run(ROOT, stack, Blank(), preview=True, config=STAND_IN)


def component(program: Callable[[], Any], **config: str) -> Plan:
    """The plan of a few lines of program, under the config of dev."""
    overrides = {f"adledger:{key}": value for key, value in config.items()}
    return run(ROOT, "dev", Cloud(computed=COMPUTED), program=program, config=overrides)


def statements(resource: Resource, field: str = "policy") -> list[dict[str, Any]]:
    """The statements of a policy that a resource carries as JSON."""
    return json.loads(resource.inputs[field])["Statement"]
