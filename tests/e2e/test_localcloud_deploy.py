import json
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from botocore.exceptions import ClientError

from localcloud import DeployError, Deployment, StackConfig, deploy
from tests.e2e.conftest import Cloud
from tests.e2e.lives.functions import TRUST

HANDLER = """
import os
import boto3

def handler(event, context):
    table = boto3.client("dynamodb").describe_table(TableName=os.environ["TABLE"])["Table"]
    return {"table": table["TableArn"], "variables": sorted(os.environ)}
"""


def run(cloud: Cloud, program: Callable[[], object], **options: Any) -> Deployment:
    """In a stack named after the program, so that no name meets that of another test."""
    values = {"aws:region": "eu-west-1"}
    name = getattr(program, "__qualname__").partition(".")[0]  # noqa: B009 - not of all callables
    stack = StackConfig(project="test", stack=name, values=values)
    return deploy(program, endpoint=cloud.endpoint, stack=stack, **options)


def table(name: str, **options: Any) -> aws.dynamodb.Table:
    return aws.dynamodb.Table(
        name,
        hash_key="PK",
        range_key="SK",
        billing_mode="PAY_PER_REQUEST",
        attributes=[
            {"name": "PK", "type": "S"},
            {"name": "SK", "type": "S"},
            {"name": "owner", "type": "S"},
            {"name": "createdAt", "type": "N"},
        ],
        global_secondary_indexes=[
            {
                "name": "by-owner",
                "hash_key": "owner",
                "range_key": "createdAt",
                "projection_type": "INCLUDE",
                "non_key_attributes": ["target", "state"],
            }
        ],
        ttl={"attribute_name": "ttl", "enabled": True},
        point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True},
        deletion_protection_enabled=True,
        **options,
    )


def test_a_program_becomes_real_resources_in_the_region_it_names(cloud: Cloud) -> None:
    def program() -> None:
        dead = aws.sqs.Queue("dead", region="eu-south-1")
        redrive = dead.arn.apply(
            lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
        )
        queue = aws.sqs.Queue(
            "queue",
            visibility_timeout_seconds=60,
            redrive_policy=redrive,
            tags={"owner": "team"},
            region="eu-south-1",
        )
        role = aws.iam.Role("role", assume_role_policy=TRUST)
        aws.iam.RolePolicyAttachment(
            "logs",
            role=role.name,
            policy_arn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        )
        pulumi.export("dead", dead.arn)
        pulumi.export("queue", queue.url)
        pulumi.export("table", table("table", region="eu-south-1").name)
        pulumi.export("role", role.name)

    deployment = run(cloud, program)
    exports = deployment.exports

    assert deployment.resources == 5
    sqs = cloud.client("sqs", "eu-south-1")
    queue = sqs.get_queue_attributes(QueueUrl=exports["queue"], AttributeNames=["All"])
    attributes = queue["Attributes"]
    assert attributes["VisibilityTimeout"] == "60"
    assert json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == exports["dead"]
    assert sqs.list_queue_tags(QueueUrl=exports["queue"])["Tags"] == {"owner": "team"}
    home = cloud.client("sqs", "eu-west-1").list_queues().get("QueueUrls", [])
    assert exports["queue"] not in home
    roles = cloud.client("iam", "eu-west-1")
    attached = roles.list_attached_role_policies(RoleName=exports["role"])["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["AWSLambdaBasicExecutionRole"]


def test_every_property_of_a_table_arrives(cloud: Cloud) -> None:
    def program() -> None:
        pulumi.export("table", table("table").name)

    name = run(cloud, program).exports["table"]
    dynamodb = cloud.client("dynamodb", "eu-west-1")
    described = dynamodb.describe_table(TableName=name)["Table"]
    (index,) = described["GlobalSecondaryIndexes"]
    assert index["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["target", "state"],
    }
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["owner", "createdAt"]
    assert described["DeletionProtectionEnabled"] is True
    assert described["SSEDescription"]["Status"] == "ENABLED"
    expiry = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert (expiry["AttributeName"], expiry["TimeToLiveStatus"]) == ("ttl", "ENABLED")
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_function_finds_its_own_region_and_none_of_the_callers_secrets(
    cloud: Cloud,
) -> None:
    def program() -> None:
        region = "eu-south-1"
        made = table("table", region=region)
        role = aws.iam.Role("role", assume_role_policy=TRUST)
        policy = {
            "Effect": "Allow",
            "Action": "dynamodb:DescribeTable",
            "Resource": made.arn,
        }
        granted = aws.iam.RolePolicy(
            "policy",
            role=role.name,
            policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [policy]}),
        )
        function = aws.lambda_.Function(
            "function",
            role=role.arn,
            runtime="python3.13",
            handler="app.handler",
            timeout=120,
            code=pulumi.AssetArchive({"app.py": pulumi.StringAsset(HANDLER)}),
            environment={"variables": {"TABLE": made.name}},
            region=region,
            opts=pulumi.ResourceOptions(depends_on=[granted]),
        )
        pulumi.export("function", function.name)
        pulumi.export("table", made.arn)

    exports = run(cloud, program).exports
    functions = cloud.client("lambda", "eu-south-1")
    answer = json.load(functions.invoke(FunctionName=exports["function"])["Payload"])
    assert answer["table"] == exports["table"]
    assert ":eu-south-1:" in answer["table"]
    assert "VIRTUAL_ENV" not in answer["variables"]
    assert "PYTEST_CURRENT_TEST" not in answer["variables"]


def test_a_provider_of_another_region_and_look_ups_are_honoured(cloud: Cloud) -> None:
    def program() -> None:
        elsewhere = aws.Provider("elsewhere", region="eu-north-1")
        topic = aws.sns.Topic("topic", opts=pulumi.ResourceOptions(provider=elsewhere))
        pulumi.export("topic", topic.arn)
        pulumi.export("region", aws.get_region().region)
        pulumi.export("account", aws.get_caller_identity().account_id)

    exports = run(cloud, program).exports
    assert exports["topic"].startswith("arn:aws:sns:eu-north-1:000000000000:topic-")
    assert (exports["region"], exports["account"]) == ("eu-west-1", "000000000000")


def test_addresses_of_apis_are_this_machines(cloud: Cloud) -> None:
    def program() -> None:
        for protocol, stage_name in (("WEBSOCKET", "dev"), ("HTTP", "$default")):
            kind = protocol.lower()
            selection = "$request.body.action" if kind == "websocket" else None
            api = aws.apigatewayv2.Api(
                kind, protocol_type=protocol, route_selection_expression=selection
            )
            stage = aws.apigatewayv2.Stage(
                f"{kind}-stage",
                api_id=api.id,
                name=stage_name,
                route_settings=[{"route_key": "$default", "throttling_rate_limit": 5}],
            )
            pulumi.export(
                kind,
                {
                    "id": api.id,
                    "api_endpoint": api.api_endpoint,
                    "invoke_url": stage.invoke_url,
                    "execution_arn": stage.execution_arn,
                },
            )

    exports = run(cloud, program).exports
    websocket, http = exports["websocket"], exports["http"]
    base = f"{cloud.endpoint}/_aws/execute-api/{http['id']}"
    assert (http["api_endpoint"], http["invoke_url"]) == (base, base)
    base = f"{cloud.endpoint.replace('http', 'ws')}/_aws/execute-api/{websocket['id']}"
    assert (websocket["api_endpoint"], websocket["invoke_url"]) == (base, f"{base}/dev")
    arn = f"arn:aws:execute-api:eu-west-1:000000000000:{websocket['id']}/dev"
    assert websocket["execution_arn"] == arn
    described = cloud.client("apigatewayv2", "eu-west-1").get_stage(
        ApiId=http["id"], StageName="$default"
    )
    assert described["RouteSettings"]["$default"]["ThrottlingRateLimit"] == 5.0


def test_progress_names_each_resource_that_was_made_and_no_component(cloud: Cloud) -> None:
    made: list[tuple[str, str]] = []

    def program() -> None:
        component = pulumi.ComponentResource("test:index:Pair", "pair")
        for name in ("one", "two"):
            aws.sqs.Queue(name, opts=pulumi.ResourceOptions(parent=component))

    def progress(kind: str, name: str, _seconds: float) -> None:
        made.append((kind, name))

    run(cloud, program, progress=progress)
    assert sorted(made) == [("aws:sqs/queue:Queue", "one"), ("aws:sqs/queue:Queue", "two")]


def test_one_program_in_two_stacks_makes_two_of_everything(cloud: Cloud) -> None:
    def program() -> None:
        pulumi.export("name", aws.sqs.Queue("queue").name)

    def name_in(stack: str) -> str:
        config = StackConfig(project="twice", stack=stack, values={"aws:region": "eu-west-1"})
        return deploy(program, endpoint=cloud.endpoint, stack=config).exports["name"]

    assert name_in("dev") != name_in("prod")


def test_a_fifo_queue_gets_the_ending_that_aws_demands(cloud: Cloud) -> None:
    def program() -> None:
        queue = aws.sqs.Queue("orders", fifo_queue=True)
        pulumi.export("names", [queue.name, queue.arn, queue.url])

    assert all(name.endswith(".fifo") for name in run(cloud, program).exports["names"])


def test_what_the_cloud_refuses_is_named_with_its_cause_and_ends_the_deploy(cloud: Cloud) -> None:
    def program() -> None:
        mapping = aws.lambda_.EventSourceMapping(
            "mapping",
            event_source_arn="arn:aws:sqs:eu-west-1:000000000000:none",
            function_name="nobody",
        )
        for number in range(8):
            aws.sqs.Queue(f"waiting-{number}", name=mapping.function_arn)

    with pytest.raises(
        DeployError, match=r"eventSourceMapping:EventSourceMapping 'mapping'.*Function not found"
    ) as raised:
        run(cloud, program)
    assert isinstance(raised.value.__cause__, ClientError)


def test_an_unknown_type_is_named_with_those_that_are_known(cloud: Cloud) -> None:
    with pytest.raises(DeployError, match=r"alias:Alias 'key'.*no row.*aws:sqs/queue:Queue"):
        run(cloud, lambda: aws.kms.Alias("key", target_key_id="1"))


def test_an_unmapped_input_is_named_with_its_resource(cloud: Cloud) -> None:
    with pytest.raises(DeployError, match=r"Topic 'topic'.*UnmappedInput: 'displayName'"):
        run(cloud, lambda: aws.sns.Topic("topic", display_name="t"))


def test_a_name_begins_as_the_program_says(cloud: Cloud) -> None:
    def program() -> None:
        group = aws.cloudwatch.LogGroup("logs", name_prefix="/aws/vendedlogs/logs-")
        pulumi.export("name", group.name)

    name = run(cloud, program).exports["name"]
    groups = cloud.client("logs", "eu-west-1").describe_log_groups(logGroupNamePrefix=name)
    assert name.startswith("/aws/vendedlogs/logs-")
    assert [group["logGroupName"] for group in groups["logGroups"]] == [name]


def test_a_resource_that_should_exist_already_is_refused(cloud: Cloud) -> None:
    with pytest.raises(DeployError, match="'queue' is to be read as 'https://queue'"):
        run(cloud, lambda: aws.sqs.Queue.get("queue", "https://queue"))


def test_an_unknown_look_up_is_named(cloud: Cloud) -> None:
    with pytest.raises(DeployError, match=r"has no look-up aws:index/getAvailabilityZones"):
        run(cloud, aws.get_availability_zones)
