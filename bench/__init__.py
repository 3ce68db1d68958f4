"""Measurements that the documentation quotes; each prints how to repeat it."""
