"""The worker that finds ads for readers."""
