"""CloudWatch log groups and who may write to them."""

from typing import Any

from local.deployer.resources.maker import Inputs, Maker, Outputs, physical


class LogGroup(Maker):
    """A log group that forgets after some days."""

    type = "aws:cloudwatch/logGroup:LogGroup"

    @property
    def _logs(self) -> Any:
        return self.place.client("logs")

    def find(self, name: str, inputs: Inputs) -> str | None:
        group = physical(name, inputs)
        listed = self._logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        return group if group in {each["logGroupName"] for each in listed} else None

    def create(self, name: str, inputs: Inputs) -> str:
        group = physical(name, inputs)
        self._logs.create_log_group(logGroupName=group)
        return self.update(group, name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        if inputs.get("retentionInDays"):
            self._logs.put_retention_policy(
                logGroupName=id_, retentionInDays=inputs["retentionInDays"]
            )
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"name": id_, "arn": self.place.arn("logs", f"log-group:{id_}")}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._logs.delete_log_group(logGroupName=id_)


class LogResourcePolicy(Maker):
    """Which services may write to log groups."""

    type = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"

    def find(self, name: str, inputs: Inputs) -> str | None:
        policies = self.place.client("logs").describe_resource_policies()["resourcePolicies"]
        policy = inputs["policyName"]
        return policy if policy in {each["policyName"] for each in policies} else None

    def create(self, name: str, inputs: Inputs) -> str:
        return self.update(inputs["policyName"], name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self.place.client("logs").put_resource_policy(
            policyName=id_, policyDocument=inputs["policyDocument"]
        )
        return id_

    def delete(self, id_: str, outputs: Outputs) -> None:
        self.place.client("logs").delete_resource_policy(policyName=id_)


MAKERS = (LogGroup, LogResourcePolicy)
