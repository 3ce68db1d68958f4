"""QLDB's two APIs over HTTP, on one port, for any QLDB driver or SDK."""
