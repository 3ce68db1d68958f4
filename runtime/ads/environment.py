"""The environment variables of a worker, read at once: one error names all that are missing."""

import os
from collections.abc import Mapping


class SettingsError(Exception):
    """A worker is not told where to work: environment variables are missing or wrong."""


def required(*names: str, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The values, in order; SettingsError naming every one that is absent or empty."""
    variables = os.environ if environment is None else environment
    missing = [name for name in names if not variables.get(name)]
    if missing:
        raise SettingsError(
            f"environment variables are missing: {', '.join(missing)}; "
            "the program that deploys this function has to set them"
        )
    return tuple(variables[name] for name in names)
