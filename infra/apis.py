"""The stack's APIs: whoever may call them, from which pages, and what answers."""

import pulumi

from infra.api import Api, ApiArgs, RouteArgs
from infra.arguments import limits
from infra.settings import Settings


class Apis:
    """Makes APIs within the settings' limits."""

    def __init__(
        self, settings: Settings, opts: pulumi.ResourceOptions, *pages: pulumi.Input[str]
    ) -> None:
        """Nothing is made yet; `pages` are origins that may call, beside the settings'."""
        self._limits = limits(settings)
        self._limits["cors_origins"] += pages
        self._opts = opts

    def public(self, name: str, *routes: RouteArgs) -> Api:
        """One that everybody may call."""
        return Api(name, {"routes": list(routes), "limits": self._limits}, self._opts)

    def signed(self, name: str, *routes: RouteArgs) -> Api:
        """One for those whom IAM lets in."""
        args: ApiArgs = {"routes": list(routes), "limits": self._limits, "iam": True}
        return Api(name, args, self._opts)
