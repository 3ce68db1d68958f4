"""OpenSearch domains: their control plane; the data is osmem-server's."""

from typing import Any

from local.deployer.resources.maker import Inputs, Maker, Outputs, found, physical

NAME_CHARACTERS_MAX = 28


class Domain(Maker):
    """A domain, whose endpoint has no scheme."""

    type = "aws:opensearch/domain:Domain"

    @property
    def _opensearch(self) -> Any:
        return self.place.client("opensearch")

    def find(self, name: str, inputs: Inputs) -> str | None:
        domain = self._name(name, inputs)
        answer = found(self._opensearch.describe_domain, DomainName=domain)
        return answer["DomainStatus"]["ARN"] if answer else None

    def create(self, name: str, inputs: Inputs) -> str:
        answer = self._opensearch.create_domain(
            DomainName=self._name(name, inputs),
            EngineVersion=inputs["engineVersion"],
            EBSOptions={"EBSEnabled": True, "VolumeSize": inputs["ebsOptions"]["volumeSize"]},
        )
        return answer["DomainStatus"]["ARN"]

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        domain = self._name(name, inputs)
        status = self._opensearch.describe_domain(DomainName=domain)["DomainStatus"]
        return {"arn": id_, "domainName": domain, "endpoint": status["Endpoint"]}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._opensearch.delete_domain(DomainName=outputs["domainName"])

    @staticmethod
    def _name(name: str, inputs: Inputs) -> str:
        return physical(name, inputs, "domainName")[:NAME_CHARACTERS_MAX].rstrip("-")


class DomainPolicy(Maker):
    """Who may use a domain; kept, and not enforced by osmem-server."""

    type = "aws:opensearch/domainPolicy:DomainPolicy"

    def find(self, name: str, inputs: Inputs) -> str | None:
        describe = self.place.client("opensearch").describe_domain
        answer = found(describe, DomainName=inputs["domainName"])
        policy = answer["DomainStatus"].get("AccessPolicies") if answer else None
        return self._id(inputs) if policy else None

    def create(self, name: str, inputs: Inputs) -> str:
        return self.update(self._id(inputs), name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self.place.client("opensearch").update_domain_config(
            DomainName=inputs["domainName"], AccessPolicies=inputs["accessPolicies"]
        )
        return id_

    @staticmethod
    def _id(inputs: Inputs) -> str:
        return f"esd-policy-{inputs['domainName']}"


MAKERS = (Domain, DomainPolicy)
