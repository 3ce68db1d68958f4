"""The current state of every ad: one item of a DynamoDB table an ad."""
