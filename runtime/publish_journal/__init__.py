"""The worker that turns committed blocks into the journal stream."""
