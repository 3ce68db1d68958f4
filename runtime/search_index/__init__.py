"""The search index: one OpenSearch document an ad."""
