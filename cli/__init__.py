"""adledger's command line: history, proofs, verification, changes as they come, lag, operations."""
