"""The worker that tells other systems of every change of an ad."""
