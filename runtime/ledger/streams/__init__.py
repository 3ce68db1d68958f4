"""Journals sent to Kinesis as they grow, in the records of QLDB's streams."""
