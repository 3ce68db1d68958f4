"""Snapshots as everyone sees them: in a bucket, asked for, found, and read."""
