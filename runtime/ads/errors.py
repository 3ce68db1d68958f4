"""Every refusal of the domain.

AdError
├── InvalidAdError          fields that an ad cannot have; names every fault
├── AdNotFoundError         unknown, deleted, or another publisher's
│   └── VersionNotFoundError    the ad never had this version
├── VersionMismatchError    the ad has another version than the caller demands
├── KeyReusedError          an idempotency key came back with another ad
├── ConflictError           others kept changing the same ad
├── NotIndexedError         whose ads a ledger has cannot be told from its index
└── UnavailableError        the record of ads cannot be reached now
"""

from collections.abc import Collection, Sequence

from runtime.ads.faults import Fault


class AdError(Exception):
    """Something an ad refuses."""


class InvalidAdError(AdError):
    """The fields given cannot be those of an ad."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field} {fault.message}" for fault in faults))
        self.faults = tuple(faults)


class AdNotFoundError(AdError):
    """This publisher has no such ad now."""

    def __init__(self, publisher_id: str, ad_id: str) -> None:
        super().__init__(f"Publisher {publisher_id} has no ad {ad_id}.")


class VersionNotFoundError(AdNotFoundError):
    """The ad is there and has no such version."""

    def __init__(self, publisher_id: str, ad_id: str, version: int) -> None:
        super().__init__(publisher_id, ad_id)
        self.args = (f"Ad {ad_id} has no version {version}.",)


class VersionMismatchError(AdError):
    """The ad is at another version than the one the change was made for."""

    def __init__(self, ad_id: str, actual: int, expected: Collection[int]) -> None:
        wanted = " or ".join(str(version) for version in sorted(expected)) or "another one"
        super().__init__(
            f"Ad {ad_id} is at version {actual}, not at {wanted}. Read it again and decide anew."
        )
        self.actual = actual


class KeyReusedError(AdError):
    """An idempotency key was used before, for a different ad."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key {key!r} was used before with another ad. Use a new key for a new ad."
        )


class ConflictError(AdError):
    """Every attempt met a change by somebody else; nothing was stored."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is being changed by others at this moment. Try again.")


class NotIndexedError(AdError):
    """A ledger is older than the index of publishers and too large to be looked through."""

    def __init__(self, ads_max: int) -> None:
        super().__init__(
            f"The ledger keeps no index of publishers and has more than {ads_max} ads. "
            "Replay everything to that time into the replay table instead."
        )


class UnavailableError(AdError):
    """The record of ads does not answer, or answers with a failure of its own."""
