"""SQS queues."""

from typing import Any

from local.deployer.resources.maker import ACCOUNT, Inputs, Maker, Outputs, found, physical

ATTRIBUTES = {
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
    "redrivePolicy": "RedrivePolicy",
    "policy": "Policy",
    "fifoQueue": "FifoQueue",
}


class Queue(Maker):
    """A queue; the encryption that SQS manages needs no setting here."""

    type = "aws:sqs/queue:Queue"

    @property
    def _sqs(self) -> Any:
        return self.place.client("sqs")

    def find(self, name: str, inputs: Inputs) -> str | None:
        answer = found(self._sqs.get_queue_url, QueueName=physical(name, inputs))
        return self._url(name, inputs) if answer else None

    def create(self, name: str, inputs: Inputs) -> str:
        self._sqs.create_queue(QueueName=physical(name, inputs), Attributes=_attributes(inputs))
        return self._url(name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._sqs.set_queue_attributes(QueueUrl=id_, Attributes=_attributes(inputs))
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        queue = physical(name, inputs)
        return {"name": queue, "arn": self.place.arn("sqs", queue), "url": id_}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._sqs.delete_queue(QueueUrl=id_)

    def _url(self, name: str, inputs: Inputs) -> str:
        return f"{self.place.url}/{ACCOUNT}/{physical(name, inputs)}"


class QueuePolicy(Maker):
    """Who may use a queue."""

    type = "aws:sqs/queuePolicy:QueuePolicy"

    def find(self, name: str, inputs: Inputs) -> str | None:
        read = self.place.client("sqs").get_queue_attributes
        answer = found(read, QueueUrl=inputs["queueUrl"], AttributeNames=["Policy"])
        return inputs["queueUrl"] if answer and answer.get("Attributes", {}).get("Policy") else None

    def create(self, name: str, inputs: Inputs) -> str:
        return self.update(inputs["queueUrl"], name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self.place.client("sqs").set_queue_attributes(
            QueueUrl=id_, Attributes={"Policy": inputs["policy"]}
        )
        return id_

    def delete(self, id_: str, outputs: Outputs) -> None:
        self.place.client("sqs").set_queue_attributes(QueueUrl=id_, Attributes={"Policy": ""})


def _attributes(inputs: Inputs) -> dict[str, str]:
    return {
        name: str(inputs[key]).lower() if isinstance(inputs[key], bool) else str(inputs[key])
        for key, name in ATTRIBUTES.items()
        if inputs.get(key) is not None
    }


MAKERS = (Queue, QueuePolicy)
