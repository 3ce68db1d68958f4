"""Event sources by AWS's rules: reads streams of the embedded cloud and invokes their functions.

mappings      what an event source mapping asks for
sources       Kinesis and DynamoDB streams behind one interface
filters       which records a mapping wants
progress      how far a shard is done, though its lanes run in parallel
batches       records gathered into one invocation
delivery      retry, bisect, partial failures, discarding
destinations  where discarded batches are reported
faults        failures on purpose, for tests
shards        one thread reads a shard, one a lane delivers
service       one mapping to its shards; all mappings to the process
"""
