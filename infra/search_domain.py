"""Where clients' searches are answered: an OpenSearch domain that only workers' roles can reach.

There is no password: requests are signed with a role's credentials, and both the role's policy
and the domain's name the paths that the role may use.
"""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws

from infra import grants, replay_grants
from infra.replay import Replay
from infra.worker import Worker

TLS_POLICY = "Policy-Min-TLS-1-2-PFS-2023-10"
LOG_TYPES = ("ES_APPLICATION_LOGS", "INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS")
ZONES_MAX = 3


class SearchDomainArgs(TypedDict):
    """How large the domain is."""

    engine_version: str
    """The engine, such as OpenSearch_2.19."""
    instance_type: str
    """The machine of each node."""
    instance_count: int
    """Nodes; two and more are spread over availability zones, three at most."""
    volume_gb: int
    """Disk of each node, in GB."""
    scheme: str
    """How the domain is reached; https everywhere but in an embedded stack."""
    log_retention_days: int
    """Days that the domain's logs are kept."""


class SearchDomain(pulumi.ComponentResource):
    """The domain, encrypted at rest and between nodes, and its logs."""

    endpoint: pulumi.Output[str]
    """URL of the domain, with its scheme."""
    domain_name: pulumi.Output[str]
    """The domain."""
    domain_arn: pulumi.Output[str]
    """Its ARN."""

    def __init__(
        self, name: str, args: SearchDomainArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make the domain and the log group that it may write to."""
        super().__init__("adledger:index:SearchDomain", name, {}, opts)
        logs = aws.cloudwatch.LogGroup(
            name,
            retention_in_days=args["log_retention_days"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        may_log = aws.cloudwatch.LogResourcePolicy(
            name,
            policy_name=logs.name,
            policy_document=grants.policy(
                [grants.given_to({"Service": "es.amazonaws.com"}, grants.write_logs(logs.arn))]
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        domain = aws.opensearch.Domain(
            name,
            engine_version=args["engine_version"],
            cluster_config=_cluster(args),
            ebs_options={
                "ebs_enabled": True,
                "volume_type": "gp3",
                "volume_size": args["volume_gb"],
            },
            domain_endpoint_options={"enforce_https": True, "tls_security_policy": TLS_POLICY},
            encrypt_at_rest={"enabled": True},
            node_to_node_encryption={"enabled": True},
            software_update_options={"auto_software_update_enabled": True},
            log_publishing_options=[
                {"log_type": log_type, "cloudwatch_log_group_arn": logs.arn}
                for log_type in LOG_TYPES
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[may_log]),
        )
        self.endpoint = pulumi.Output.concat(args["scheme"], "://", domain.endpoint)
        self.domain_name = domain.domain_name
        self.domain_arn = domain.arn
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "domainName": self.domain_name,
                "domainArn": self.domain_arn,
            }
        )


class SearchAccessArgs(TypedDict):
    """Who may use a domain, and for what."""

    domain_name: pulumi.Input[str]
    """The domain."""
    domain_arn: pulumi.Input[str]
    """The domain's ARN."""
    index: str
    """The index that is searched, which is an alias."""
    reader_role_arns: list[pulumi.Input[str]]
    """Roles that may search."""
    writer_role_arns: list[pulumi.Input[str]]
    """Roles that may make the index and write into it."""
    rebuilder_role_arns: NotRequired[list[pulumi.Input[str]]]
    """Roles that may put another index in its place."""


class SearchAccess(pulumi.ComponentResource):
    """The domain's own policy: these roles, these paths, nobody else.

    Apart from the domain, since a worker has to know the endpoint before its role can be named.
    """

    def __init__(
        self, name: str, args: SearchAccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Attach the policy."""
        super().__init__("adledger:index:SearchAccess", name, {}, opts)
        where = (args["domain_arn"], args["index"])
        statements = [
            grants.given_to({"AWS": roles}, grant)
            for roles, grant in (
                (args["reader_role_arns"], grants.read_search(*where)),
                (args["writer_role_arns"], grants.write_search(*where)),
                (args.get("rebuilder_role_arns", []), replay_grants.rebuild_search(*where)),
            )
            if roles
        ]
        policy = aws.opensearch.DomainPolicy(
            name,
            domain_name=args["domain_name"],
            access_policies=grants.policy(statements),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"domainName": policy.domain_name})


def access(
    domain: SearchDomain,
    index: str,
    *,
    readers: list[Worker],
    writers: list[Worker],
    rebuilders: list[Replay],
) -> SearchAccessArgs:
    """What these workers of this program may do with its domain."""
    return {
        "domain_name": domain.domain_name,
        "domain_arn": domain.domain_arn,
        "index": index,
        "reader_role_arns": [worker.role_arn for worker in readers],
        "writer_role_arns": [worker.role_arn for worker in writers],
        "rebuilder_role_arns": [replay.role_arn for replay in rebuilders],
    }


def _cluster(args: SearchDomainArgs) -> aws.opensearch.DomainClusterConfigArgsDict:
    zones = min(args["instance_count"], ZONES_MAX)
    cluster: aws.opensearch.DomainClusterConfigArgsDict = {
        "instance_type": args["instance_type"],
        "instance_count": args["instance_count"],
        "zone_awareness_enabled": zones > 1,
    }
    if zones > 1:
        cluster["zone_awareness_config"] = {"availability_zone_count": zones}
    return cluster
