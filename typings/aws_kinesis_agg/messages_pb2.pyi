from collections.abc import Sequence

class Record:
    partition_key_index: int
    data: bytes

class AggregatedRecord:
    partition_key_table: Sequence[str]
    records: Sequence[Record]
    @staticmethod
    def FromString(body: bytes) -> AggregatedRecord: ...
