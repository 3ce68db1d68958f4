"""Replays: what they are, what may become of them, and where that is recorded."""
