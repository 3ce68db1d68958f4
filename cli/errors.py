"""Why a command ends without what was asked for, and the exit code that says so to scripts.

CliError
├── FailedError         1   refused, failed, or it does not verify
├── UsageError          2   the command line or a file named on it cannot be used
├── UnreachableError    3   a service does not answer, or there are no credentials for it
└── PendingError        4   what was waited for had not ended in the time given
"""

OK = 0


class CliError(Exception):
    """The message says what failed and what to do."""

    exit_code = 1


class FailedError(CliError):
    """Refused, failed, or it does not verify."""


class UsageError(CliError):
    """The command line, or a file named on it, cannot be used."""

    exit_code = 2


class UnreachableError(CliError):
    """A service does not answer, or there are no credentials for it."""

    exit_code = 3


class PendingError(CliError):
    """What was waited for had not ended in the time given; it goes on."""

    exit_code = 4
