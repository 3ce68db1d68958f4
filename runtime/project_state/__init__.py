"""The worker that brings the state table level with the journal stream."""
