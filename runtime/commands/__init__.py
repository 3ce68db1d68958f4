"""The worker that creates, changes and deletes ads."""
