"""An independent verifier of journals and proofs: it imports nothing of engine and stores."""

from runtime.ledger.verify.chain import Verified, verify_blocks

__all__ = ["Verified", "verify_blocks"]
