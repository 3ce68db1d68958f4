"""Audits of a whole store: whether all that it keeps is what its journal says."""

from runtime.ledger.audit.auditing import FINDINGS_MAX, Audit, Comparison, Finding, audit

__all__ = ["FINDINGS_MAX", "Audit", "Comparison", "Finding", "audit"]
