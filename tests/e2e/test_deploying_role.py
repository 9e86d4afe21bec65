"""The program deployed by the role whose policy the operations page gives, with IAM enforced."""

import json
import runpy
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from localcloud import deploy, server, stack_config
from localcloud.recipes.recipe import ACCOUNT
from tests.static import deploying_role
from tests.static.graphs import ROOT, graph

REGION = "eu-west-1"
# What the emulator decides otherwise than AWS does.
UNNARROWED = {
    **dict.fromkeys(
        ("cloudwatch:PutDashboard", "events:CreateEventBus", "lambda:CreateFunction"),
        "it does not read from the request what is to be made",
    ),
    **dict.fromkeys(
        ("iam:AttachRolePolicy", "lambda:CreateEventSourceMapping"),
        "it does not know the key of the condition",
    ),
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A cloud of its own: another stack of the program would be in the way of other tests."""
    with server() as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def deployer(endpoint: str) -> boto3.Session:
    """A session of the role that deploys."""
    granted = {
        grant._replace(resource="*", condition="{}") if grant.action in UNNARROWED else grant
        for grant in deploying_role.grants(graph("dev").deployment)
    }
    root = boto3.Session("test", "test", region_name=REGION)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            }
        ],
    }
    iam, sts = (root.client(service, endpoint_url=endpoint) for service in ("iam", "sts"))
    role = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(
        RoleName="deployer",
        PolicyName="deploy",
        PolicyDocument=json.dumps(deploying_role.document(granted)),
    )
    keys = sts.assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="deploy")["Credentials"]
    iam.close()
    sts.close()
    return boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])


def test_the_role_may_make_the_whole_stack(endpoint: str, deployer: boto3.Session) -> None:
    deployment = deploy(
        lambda: runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__"),
        endpoint=endpoint,
        stack=stack_config(ROOT, "dev"),
        session=deployer,
    )
    made = [one for one in graph("dev").deployment.resources if one.custom]
    assert deployment.resources == len(made)


def test_the_role_may_make_nothing_of_another_name(endpoint: str, deployer: boto3.Session) -> None:
    sqs = deployer.client("sqs", region_name=REGION, endpoint_url=endpoint)
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.create_queue(QueueName="another-teams-queue")
    sqs.close()
