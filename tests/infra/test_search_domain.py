"""The search domain: encrypted everywhere, no password, and a policy that names roles and paths."""

from typing import Any

import pytest

from infra.search_domain import SearchAccess, SearchDomain
from local.plan import Plan
from tests.infra.plans import DOMAIN, DOMAIN_POLICY, LOG_GROUP, component, statements

LOG_POLICY = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"


def planned(**changes: Any) -> Plan:
    args: Any = {
        "engine_version": "OpenSearch_2.19",
        "instance_type": "t3.small.search",
        "instance_count": 1,
        "volume_gb": 10,
        "scheme": "https",
        "log_retention_days": 14,
        **changes,
    }
    return component(lambda: SearchDomain("index", args))


def test_it_is_encrypted_on_the_way_between_nodes_and_at_rest() -> None:
    domain = planned().one(DOMAIN, "index").inputs
    assert domain["domainEndpointOptions"] == {
        "enforceHttps": True,
        "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10",
    }
    assert domain["encryptAtRest"] == {"enabled": True}
    assert domain["nodeToNodeEncryption"] == {"enabled": True}


def test_it_has_no_password_and_no_policy_of_its_own_making() -> None:
    domain = planned().one(DOMAIN, "index").inputs
    assert {"advancedSecurityOptions", "accessPolicies"} & set(domain) == set()


@pytest.mark.parametrize(("nodes", "zones"), [(1, None), (2, 2), (3, 3), (6, 3)])
def test_nodes_are_spread_over_zones(nodes: int, zones: int | None) -> None:
    cluster = planned(instance_count=nodes).one(DOMAIN, "index").inputs["clusterConfig"]
    assert cluster["instanceCount"] == nodes
    assert cluster["zoneAwarenessEnabled"] is (zones is not None)
    assert cluster.get("zoneAwarenessConfig", {}).get("availabilityZoneCount") == zones


def test_its_disk_is_as_large_as_was_said() -> None:
    disk = planned(volume_gb=77).one(DOMAIN, "index").inputs["ebsOptions"]
    assert disk == {"ebsEnabled": True, "volumeSize": 77, "volumeType": "gp3"}


def test_it_may_write_its_logs_and_waits_for_that() -> None:
    plan = planned()
    assert plan.one(LOG_GROUP, "index").inputs["retentionInDays"] == 14
    (policy,) = plan.of(LOG_POLICY)
    (statement,) = statements(policy, "policyDocument")
    assert statement["Principal"] == {"Service": "es.amazonaws.com"}
    assert statement["Resource"] == ["arn:aws:logs:eu-west-1:123456789012:log-group:index:*"]
    domain = plan.one(DOMAIN, "index")
    assert policy.urn in domain.depends_on
    assert {option["logType"] for option in domain.inputs["logPublishingOptions"]} == {
        *("ES_APPLICATION_LOGS", "INDEX_SLOW_LOGS", "SEARCH_SLOW_LOGS"),
    }


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_its_endpoint_is_a_url(scheme: str) -> None:
    plan = planned(scheme=scheme)
    (urn,) = [r.urn for r in plan.resources.values() if r.type.endswith(":SearchDomain")]
    assert plan.outputs[urn]["endpoint"] == f"{scheme}://index.es.example"


def test_readers_search_and_writers_index_and_nobody_else_does_anything() -> None:
    plan = component(
        lambda: SearchAccess(
            "access",
            {
                "domain_name": "index",
                "domain_arn": "arn:domain",
                "index": "ads",
                "reader_role_arns": ["arn:reader"],
                "writer_role_arns": ["arn:writer"],
            },
        )
    )
    (policy,) = plan.of(DOMAIN_POLICY)
    assert policy.inputs["domainName"] == "index"
    found = [
        (s["Principal"]["AWS"], s["Action"], s["Resource"])
        for s in statements(policy, "accessPolicies")
    ]
    assert found == [
        (["arn:reader"], ["es:ESHttpPost"], ["arn:domain/ads/_search"]),
        (
            ["arn:writer"],
            ["es:ESHttpHead", "es:ESHttpPost", "es:ESHttpPut"],
            ["arn:domain/_bulk", "arn:domain/_alias/ads", "arn:domain/ads-*"],
        ),
    ]
