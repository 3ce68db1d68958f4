"""Kinesis data streams."""

from typing import Any

from local.deployer.resources.maker import Inputs, Maker, Outputs, found, given, physical

HOURS_MIN = 24


class Stream(Maker):
    """A stream; its records stay when its settings change."""

    type = "aws:kinesis/stream:Stream"

    @property
    def _kinesis(self) -> Any:
        return self.place.client("kinesis")

    def find(self, name: str, inputs: Inputs) -> str | None:
        stream = physical(name, inputs)
        summary = found(self._kinesis.describe_stream_summary, StreamName=stream)
        return summary["StreamDescriptionSummary"]["StreamARN"] if summary else None

    def create(self, name: str, inputs: Inputs) -> str:
        stream = physical(name, inputs)
        mode = inputs.get("streamModeDetails") or {"streamMode": "PROVISIONED"}
        self._kinesis.create_stream(
            StreamName=stream,
            StreamModeDetails={"StreamMode": mode["streamMode"]},
            **given(ShardCount=inputs.get("shardCount")),
        )
        id_ = self.find(name, inputs)
        return self.update(id_ or stream, name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        stream = physical(name, inputs)
        summary = self._kinesis.describe_stream_summary(StreamName=stream)
        now = summary["StreamDescriptionSummary"]
        hours = inputs.get("retentionPeriod") or HOURS_MIN
        if hours > now["RetentionPeriodHours"]:
            self._kinesis.increase_stream_retention_period(
                StreamName=stream, RetentionPeriodHours=hours
            )
        elif hours < now["RetentionPeriodHours"]:
            self._kinesis.decrease_stream_retention_period(
                StreamName=stream, RetentionPeriodHours=hours
            )
        if inputs.get("encryptionType") == "KMS" and now.get("EncryptionType") != "KMS":
            self._kinesis.start_stream_encryption(
                StreamName=stream, EncryptionType="KMS", KeyId=inputs["kmsKeyId"]
            )
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"arn": id_, "name": physical(name, inputs)}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._kinesis.delete_stream(StreamName=outputs["name"], EnforceConsumerDeletion=True)


MAKERS = (Stream,)
