"""What can go wrong with the local stack.

LocalError
├── InstallationError   the emulator's environment could not be made
├── ProcessError        a process did not start, died, or did not stop
├── DeploymentError     the program asks for something the local cloud cannot make
└── LevelError          the projections could not be brought level with the ledger
"""


class LocalError(Exception):
    """Base of every error of the local stack; the message says what failed and what to do."""


class InstallationError(LocalError):
    """The emulator's environment could not be made."""


class ProcessError(LocalError):
    """A process did not start, died, or did not stop."""


class DeploymentError(LocalError):
    """The program asks for something that the local cloud cannot make."""


class LevelError(LocalError):
    """The projections could not be brought level with the ledger."""
