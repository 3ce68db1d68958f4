"""Backups of ledgers that prove themselves, and restoring ledgers from them."""
