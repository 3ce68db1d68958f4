"""The page on AWS: private files, HTTPS, strict headers, and APIs that let it in."""

import json

import pytest

from infra.page import CONFIG, FOLDER, files
from local.engine import Cloud, run
from local.plan import Plan
from tests.infra.plans import BUCKET, COMPUTED, DISTRIBUTION, STAND_IN, planned
from tests.test_program import class_of, deprecated_inputs, is_deprecated

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
API = "aws:apigatewayv2/api:Api"
URL = "https://page.cloudfront.example"


@pytest.fixture(scope="module")
def plan() -> Plan:
    """The whole program, with the page."""
    config = STAND_IN | {"adledger:page": "true", "adledger:corsOrigins": '["https://a.example"]'}
    return run(FOLDER.parent, "dev", Cloud(computed=COMPUTED), config=config)


def test_there_is_none_where_it_is_not_asked_for() -> None:
    assert planned("dev").of(DISTRIBUTION) == planned("dev").of(OBJECT) == []


def test_every_file_is_there_with_its_type(plan: Plan) -> None:
    objects = {one.inputs["key"]: one.inputs for one in plan.of(OBJECT)}
    assert set(objects) == {*files(), CONFIG}
    assert {path.name for path in (FOLDER / "modules").iterdir()} <= {
        key.removeprefix("modules/") for key in objects
    }
    for key, inputs in objects.items():
        assert inputs["cacheControl"] == "public, max-age=60"
        if key != CONFIG:
            assert inputs["content"] == (FOLDER / key).read_text()
    assert objects["index.html"]["contentType"].startswith("text/html")
    assert objects["modules/main.js"]["contentType"].startswith("text/javascript")


def test_the_config_names_the_apis_and_no_key(plan: Plan) -> None:
    [config] = [one.inputs for one in plan.of(OBJECT) if one.inputs["key"] == CONFIG]
    assert json.loads(config["content"]) == {
        "publisherApi": "https://publisher-api.execute-api.example",
        "operationsApi": "https://operations-api.execute-api.example",
        "region": "eu-west-1",
        "place": "adledger, dev",
    }


def test_the_apis_let_the_page_in_beside_configured_origins(plan: Plan) -> None:
    for api in plan.of(API):
        assert api.inputs["corsConfiguration"]["allowOrigins"] == ["https://a.example", URL]
    assert plan.exports["pageUrl"] == URL


def test_only_the_distribution_reads_the_bucket(plan: Plan) -> None:
    bucket = plan.one(BUCKET, "page")
    block = plan.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "page").inputs
    assert {value for key, value in block.items() if key != "bucket"} == {True}
    policy = plan.one("aws:s3/bucketPolicy:BucketPolicy", "page").inputs["policy"]
    [statement] = json.loads(policy)["Statement"]
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == (
        ["s3:GetObject"],
        [f"arn:aws:s3:::{bucket.name}/*"],
    )
    arn = "arn:aws:cloudfront::123456789012:distribution/page"
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceArn": arn}}
    [access] = plan.of("aws:cloudfront/originAccessControl:OriginAccessControl")
    assert (access.inputs["signingBehavior"], access.inputs["signingProtocol"]) == (
        "always",
        "sigv4",
    )


def test_it_is_reached_by_https_with_strict_headers(plan: Plan) -> None:
    [distribution] = plan.of(DISTRIBUTION)
    behavior = distribution.inputs["defaultCacheBehavior"]
    assert behavior["viewerProtocolPolicy"] == "redirect-to-https"
    assert set(behavior["allowedMethods"]) == {"GET", "HEAD"}
    [policy] = plan.of("aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy")
    assert behavior["responseHeadersPolicyId"] == f"{policy.name}-id"
    security = policy.inputs["securityHeadersConfig"]
    csp = security["contentSecurityPolicy"]["contentSecurityPolicy"]
    assert "connect-src 'self' https://*.execute-api.eu-west-1.amazonaws.com;" in csp
    assert csp.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert security["frameOptions"]["frameOption"] == "DENY"
    assert security["strictTransportSecurity"]["accessControlMaxAgeSec"] >= 365 * 24 * 3600
    custom = {item["header"] for item in policy.inputs["customHeadersConfig"]["items"]}
    assert custom == {"Cross-Origin-Opener-Policy", "Permissions-Policy"}


def test_nothing_of_it_is_deprecated(plan: Plan) -> None:
    own = [one for one in plan.resources.values() if "::adledger:index:Page$" in one.urn]
    assert len({one.type for one in own}) == 7
    assert [one.type for one in own if is_deprecated(class_of(one.type)[0].__init__)] == []
    assert [key for one in own for key in deprecated_inputs(one)] == []
