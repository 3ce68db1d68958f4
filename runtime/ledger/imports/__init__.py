"""Ledgers built from journal exports: this ledger's own, or those that QLDB left behind."""
