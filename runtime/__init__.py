"""What runs in Lambda: the ledger, the ads domain and one package per worker."""
