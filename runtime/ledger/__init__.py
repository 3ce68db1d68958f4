"""A ledger that behaves as QLDB does: documents, PartiQL, history, hash chain."""
