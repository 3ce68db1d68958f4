"""Snapshots: the journal in a bucket, period after period, and every ad as of each one's end."""
