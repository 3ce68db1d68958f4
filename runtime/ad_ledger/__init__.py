"""Ads recorded in ledgers: each command is one transaction, spoken in PartiQL."""
