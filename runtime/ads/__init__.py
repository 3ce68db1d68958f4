"""What an ad is and what may happen to it; knows nothing of AWS, HTTP or the ledger."""
