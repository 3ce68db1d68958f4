"""Where a journal is kept: one port, an embedded store and one on AWS."""
