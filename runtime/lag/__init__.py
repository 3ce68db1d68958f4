"""How far the projections are behind the ledgers."""
