"""IAM roles and their policies."""

from typing import Any

from local.deployer.resources.maker import Inputs, Maker, Outputs, found, physical


class Role(Maker):
    """Who a function is."""

    type = "aws:iam/role:Role"

    @property
    def _iam(self) -> Any:
        return self.place.client("iam")

    def find(self, name: str, inputs: Inputs) -> str | None:
        role = physical(name, inputs)
        return role if found(self._iam.get_role, RoleName=role) else None

    def create(self, name: str, inputs: Inputs) -> str:
        role = physical(name, inputs)
        self._iam.create_role(RoleName=role, AssumeRolePolicyDocument=inputs["assumeRolePolicy"])
        return role

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        self._iam.update_assume_role_policy(RoleName=id_, PolicyDocument=inputs["assumeRolePolicy"])
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        role = self._iam.get_role(RoleName=id_)["Role"]
        return {"name": id_, "arn": role["Arn"], "uniqueId": role["RoleId"]}

    def delete(self, id_: str, outputs: Outputs) -> None:
        self._iam.delete_role(RoleName=id_)


class RolePolicy(Maker):
    """What a role may do."""

    type = "aws:iam/rolePolicy:RolePolicy"

    def find(self, name: str, inputs: Inputs) -> str | None:
        role, policy = inputs["role"], physical(name, inputs)
        get = self.place.client("iam").get_role_policy
        return f"{role}:{policy}" if found(get, RoleName=role, PolicyName=policy) else None

    def create(self, name: str, inputs: Inputs) -> str:
        return self.update(f"{inputs['role']}:{physical(name, inputs)}", name, inputs)

    def update(self, id_: str, name: str, inputs: Inputs) -> str:
        role, policy = id_.split(":")
        self.place.client("iam").put_role_policy(
            RoleName=role, PolicyName=policy, PolicyDocument=inputs["policy"]
        )
        return id_

    def outputs(self, id_: str, name: str, inputs: Inputs) -> Outputs:
        return {"name": physical(name, inputs)}

    def delete(self, id_: str, outputs: Outputs) -> None:
        role, policy = id_.split(":")
        self.place.client("iam").delete_role_policy(RoleName=role, PolicyName=policy)


class RolePolicyAttachment(Maker):
    """A managed policy on a role."""

    type = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

    def find(self, name: str, inputs: Inputs) -> str | None:
        attached = self.place.client("iam").list_attached_role_policies(RoleName=inputs["role"])
        arns = {each["PolicyArn"] for each in attached["AttachedPolicies"]}
        return self._id(inputs) if inputs["policyArn"] in arns else None

    def create(self, name: str, inputs: Inputs) -> str:
        self.place.client("iam").attach_role_policy(
            RoleName=inputs["role"], PolicyArn=inputs["policyArn"]
        )
        return self._id(inputs)

    def delete(self, id_: str, outputs: Outputs) -> None:
        role, policy_arn = id_.split("|")
        self.place.client("iam").detach_role_policy(RoleName=role, PolicyArn=policy_arn)

    @staticmethod
    def _id(inputs: Inputs) -> str:
        return f"{inputs['role']}|{inputs['policyArn']}"


MAKERS = (Role, RolePolicy, RolePolicyAttachment)
