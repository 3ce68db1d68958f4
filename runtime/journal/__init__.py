"""The journal as a stream: QLDB's records, their aggregation, and what consumers make of them."""
