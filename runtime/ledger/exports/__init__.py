"""Journals written to a bucket or a folder in the layout of QLDB's exports, and read from there."""
