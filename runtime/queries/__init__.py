"""The worker that shows publishers their ads: as they are, as they were, and what happened."""
