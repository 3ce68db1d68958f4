"""The page that shows timelines, proofs, replays and lag: static files behind a CDN.

The files are public; what they show is not in them, but asked of the APIs by whoever looks.
"""

import json
from pathlib import Path
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from infra import grants
from infra.api import Api

FOLDER = Path(__file__).resolve().parents[1] / "page"
CONFIG = "config.json"
FIRST = "index.html"
CACHE_CONTROL = "public, max-age=60"
"""A new version is seen a minute later, whole: there are no names that change with contents."""
CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS's own cache policy of that name, the same in every account."""
HTTPS_ONLY_S = 365 * 24 * 3600
"""How long browsers remember that the page is reached by TLS alone."""
STANDARD_HEADERS = {
    *("Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options"),
}
"""Those that CloudFront has settings of their own for."""


class PageArgs(TypedDict):
    """What the page may call."""

    region: str
    """The APIs' region: the page's policy has to be known before they are, and names it alone."""
    place: str
    """What the page says it shows."""


class Page(pulumi.ComponentResource):
    """A private bucket that CloudFront alone reads, and a distribution by HTTPS."""

    url: pulumi.Output[str]
    """Where the page is, without a slash at its end, and the origin of its calls."""

    def __init__(
        self, name: str, args: PageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Make bucket, distribution and files; `tell` adds the config that they read."""
        super().__init__("adledger:index:Page", name, {}, opts)
        self._own = pulumi.ResourceOptions(parent=self)
        self._name, self._args = name, args
        # Everything in it can be made again.
        self._bucket = aws.s3.Bucket(name, force_destroy=True, opts=self._own)
        headers = self._headers()
        distribution = self._distribution(headers)
        self._close(distribution)
        for path, type_ in files().items():
            self._object(path, type_, (FOLDER / path).read_text())
        self.url = pulumi.Output.concat("https://", distribution.domain_name)
        self.register_outputs({"url": self.url})

    def tell(self, publisher: Api, operations: Api) -> None:
        """Write the config: where the APIs are, which let this page in once they know its URL."""
        config = {
            "publisherApi": publisher.endpoint,
            "operationsApi": operations.endpoint,
            "region": self._args["region"],
            "place": self._args["place"],
        }
        self._object(CONFIG, "application/json", pulumi.Output.json_dumps(config))

    def _object(self, path: str, type_: str, content: pulumi.Input[str]) -> None:
        aws.s3.BucketObjectv2(
            f"{self._name}-{path}",
            bucket=self._bucket.id,
            key=path,
            content=content,
            content_type=type_,
            cache_control=CACHE_CONTROL,
            opts=self._own,
        )

    def _headers(self) -> aws.cloudfront.ResponseHeadersPolicy:
        apis = f"https://*.execute-api.{self._args['region']}.amazonaws.com"
        headers = {name: text.format(apis=apis) for name, text in _serving()["headers"].items()}
        others = sorted(headers.keys() - STANDARD_HEADERS)
        return aws.cloudfront.ResponseHeadersPolicy(
            self._name,
            security_headers_config={
                "content_security_policy": {
                    "content_security_policy": headers["Content-Security-Policy"],
                    "override": True,
                },
                "content_type_options": {"override": True},
                "frame_options": {"frame_option": headers["X-Frame-Options"], "override": True},
                "referrer_policy": {
                    "referrer_policy": headers["Referrer-Policy"],
                    "override": True,
                },
                "strict_transport_security": {
                    "access_control_max_age_sec": HTTPS_ONLY_S,
                    "override": True,
                },
            },
            custom_headers_config={
                "items": [
                    {"header": name, "value": headers[name], "override": True} for name in others
                ]
            },
            opts=self._own,
        )

    def _distribution(
        self, headers: aws.cloudfront.ResponseHeadersPolicy
    ) -> aws.cloudfront.Distribution:
        access = aws.cloudfront.OriginAccessControl(
            self._name,
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=self._own,
        )
        return aws.cloudfront.Distribution(
            self._name,
            enabled=True,
            comment=f"the page of {self._args['place']}",
            default_root_object=FIRST,
            http_version="http2and3",
            is_ipv6_enabled=True,
            origins=[
                {
                    "origin_id": self._name,
                    "domain_name": self._bucket.bucket_regional_domain_name,
                    "origin_access_control_id": access.id,
                }
            ],
            default_cache_behavior={
                "target_origin_id": self._name,
                "viewer_protocol_policy": "redirect-to-https",
                "allowed_methods": ["GET", "HEAD"],
                "cached_methods": ["GET", "HEAD"],
                "compress": True,
                "cache_policy_id": CACHING_OPTIMIZED,
                "response_headers_policy_id": headers.id,
            },
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={"cloudfront_default_certificate": True},
            opts=self._own,
        )

    def _close(self, distribution: aws.cloudfront.Distribution) -> None:
        """Shut out everybody but the distribution."""
        block = aws.s3.BucketPublicAccessBlock(
            self._name,
            bucket=self._bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._own,
        )
        own = {"StringEquals": {"AWS:SourceArn": distribution.arn}}
        read = grants.allow(
            "ReadPage", ["s3:GetObject"], pulumi.Output.concat(self._bucket.arn, "/*")
        )
        statement = grants.given_to({"Service": "cloudfront.amazonaws.com"}, read)
        aws.s3.BucketPolicy(
            self._name,
            bucket=self._bucket.id,
            policy=grants.policy([grants.given_if(own, statement)]),
            # S3 refuses two changes of a bucket's access at once.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block]),
        )


def files() -> dict[str, str]:
    """The type of each of the page's files, by its path within the folder, sorted."""
    types = _serving()["types"]
    found = sorted(path for path in FOLDER.rglob("*") if path.suffix in types)
    return {path.relative_to(FOLDER).as_posix(): types[path.suffix] for path in found}


def _serving() -> dict[str, dict[str, str]]:
    """Headers of every answer, and types by suffix, as the embedded stack serves them too."""
    return json.loads((FOLDER / "serving.json").read_text())
