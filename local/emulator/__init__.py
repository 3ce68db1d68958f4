"""The embedded cloud: MiniStack as AWS, osmem-server as OpenSearch, in their own environment."""
