"""A small program is made in the embedded cloud, changed, left alone, and taken away."""

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from local import settings
from local.deployer.cloud import LocalCloud, deploy
from local.deployer.state import State
from local.emulator.servers import REGION, CloudServer
from local.errors import DeploymentError
from local.home import ROOT
from local.plan import Plan

Client = Callable[[str], Any]
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ],
    }
)


class Deployment:
    """Deploys programs one after another into one cloud, as `up` does."""

    def __init__(self, cloud: CloudServer, folder: Path) -> None:
        self._url, self._file = cloud.url, folder / "deployment.json"
        self.changed = -1

    def run(self, program: Callable[[], None]) -> Plan:
        state = State.load(self._file)
        made = LocalCloud(self._url, REGION, state)
        plan = deploy(ROOT, made, state, program=program, stack_file=settings.STACK_FILE)
        self.changed = made.changed
        return plan


@pytest.fixture
def deployment(cloud: CloudServer, tmp_path: Path) -> Deployment:
    return Deployment(cloud, tmp_path)


def options() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=aws.Provider("aws", region=REGION))


def table(name: str, opts: pulumi.ResourceOptions) -> aws.dynamodb.Table:
    return aws.dynamodb.Table(
        name,
        billing_mode="PAY_PER_REQUEST",
        hash_key="pk",
        range_key="sk",
        attributes=[{"name": "pk", "type": "S"}, {"name": "sk", "type": "S"}],
        stream_enabled=True,
        stream_view_type="NEW_IMAGE",
        opts=opts,
    )


def service(folder: Path, answer: str) -> Callable[[], None]:
    """A program with a table, a stream read by a function, and an API that answers this."""
    code = folder / "work.py"
    code.write_text(
        f"def handler(event, context):\n    return {{'statusCode': 200, 'body': {answer!r}}}\n"
    )

    def program() -> None:
        opts = options()
        stream = aws.kinesis.Stream("lanes", shard_count=2, opts=opts)
        role = aws.iam.Role("worker", assume_role_policy=TRUST, opts=opts)
        function = aws.lambda_.Function(
            "worker",
            runtime=f"python{settings.PYTHON}",
            handler="work.handler",
            role=role.arn,
            code=pulumi.AssetArchive({"work.py": pulumi.FileAsset(str(code))}),
            environment={"variables": {"TABLE": table("journal", opts).name}},
            opts=opts,
        )
        aws.lambda_.EventSourceMapping(
            "worker",
            event_source_arn=stream.arn,
            function_name=function.name,
            starting_position="TRIM_HORIZON",
            batch_size=7,
            opts=opts,
        )
        api = aws.apigatewayv2.Api("api", protocol_type="HTTP", opts=opts)
        integration = aws.apigatewayv2.Integration(
            "api",
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=function.invoke_arn,
            payload_format_version="2.0",
            opts=opts,
        )
        aws.apigatewayv2.Route(
            "api",
            api_id=api.id,
            route_key="GET /",
            target=pulumi.Output.concat("integrations/", integration.id),
            opts=opts,
        )
        aws.apigatewayv2.Stage("api", api_id=api.id, name="$default", auto_deploy=True, opts=opts)
        pulumi.export("endpoint", api.api_endpoint)
        pulumi.export("streamName", stream.name)

    return program


def get(url: str) -> str:
    with urllib.request.urlopen(f"{url}/", timeout=30) as answer:
        return answer.read().decode()


def test_a_program_runs_and_its_exports_are_real(
    deployment: Deployment, client: Client, tmp_path: Path
) -> None:
    plan = deployment.run(service(tmp_path, "first"))
    assert plan.exports["streamName"] == "adledger-local-lanes"
    assert get(plan.exports["endpoint"]) == "first"
    (mapping,) = client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["BatchSize"] == 7

    deployment.run(service(tmp_path, "first"))
    assert deployment.changed == 0

    client("dynamodb").put_item(
        TableName="adledger-local-journal", Item={"pk": {"S": "p"}, "sk": {"S": "s"}}
    )
    plan = deployment.run(service(tmp_path, "second"))
    assert deployment.changed == 1
    assert get(plan.exports["endpoint"]) == "second"
    kept = client("dynamodb").scan(TableName="adledger-local-journal")
    assert kept["Count"] == 1

    deployment.run(lambda: None)
    assert client("lambda").list_functions()["Functions"] == []
    assert client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert client("apigatewayv2").get_apis()["Items"] == []
    assert client("dynamodb").list_tables()["TableNames"] == []
    assert client("iam").list_roles()["Roles"] == []


def test_what_is_retained_is_forgotten_and_found_again(
    deployment: Deployment, client: Client
) -> None:
    def program() -> None:
        table(
            "kept",
            pulumi.ResourceOptions.merge(options(), pulumi.ResourceOptions(retain_on_delete=True)),
        )

    deployment.run(program)
    deployment.run(lambda: None)
    assert client("dynamodb").list_tables()["TableNames"] == ["adledger-local-kept"]
    deployment.run(program)
    assert client("dynamodb").list_tables()["TableNames"] == ["adledger-local-kept"]


def test_what_the_cloud_lost_is_made_again(deployment: Deployment, client: Client) -> None:
    def program() -> None:
        aws.sqs.Queue("failures", opts=options())

    deployment.run(program)
    sqs = client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="adledger-local-failures")["QueueUrl"])
    deployment.run(program)
    assert sqs.get_queue_url(QueueName="adledger-local-failures")


def test_an_unknown_type_is_named(deployment: Deployment) -> None:
    def program() -> None:
        aws.ec2.Vpc("net", cidr_block="10.0.0.0/16", opts=options())

    with pytest.raises(DeploymentError, match="aws:ec2/vpc:Vpc"):
        deployment.run(program)


def test_what_the_cloud_refuses_is_named(deployment: Deployment) -> None:
    def program() -> None:
        aws.iam.RolePolicy("rights", role="nobody", policy=TRUST, opts=options())

    with pytest.raises(DeploymentError, match="aws:iam/rolePolicy:RolePolicy 'rights'"):
        deployment.run(program)


def test_other_keys_would_lose_data_and_are_refused(deployment: Deployment) -> None:
    def changed() -> None:
        aws.dynamodb.Table(
            "ads",
            billing_mode="PAY_PER_REQUEST",
            hash_key="id",
            attributes=[{"name": "id", "type": "S"}],
            opts=options(),
        )

    deployment.run(lambda: table("ads", options()) and None)
    with pytest.raises(DeploymentError, match="make clean"):
        deployment.run(changed)
