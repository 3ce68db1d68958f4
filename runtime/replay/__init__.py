"""The worker that does replays, piece by piece, from the journals of all shards."""
