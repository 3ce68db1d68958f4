"""The one AWS provider: everything the program makes goes through it."""

import pulumi_aws as aws

from infra.settings import Settings


def provider(settings: Settings) -> aws.Provider:
    """The provider for the stack's region, tagging all it makes, kept to the given accounts."""
    tags = {"project": settings.project, "stack": settings.stack, "managed-by": "pulumi"}
    return aws.Provider(
        "aws",
        region=settings.region,
        allowed_account_ids=list(settings.account_ids) or None,
        default_tags={"tags": tags | settings.tags},
    )
