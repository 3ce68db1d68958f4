"""The worker that brings the search index level with the journal stream."""
