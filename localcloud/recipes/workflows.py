"""State machines. MiniStack checks neither their role nor the names of the errors they catch."""

from collections.abc import Mapping

from .recipe import Accepted, Call, Name, Recipe

RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:sfn/stateMachine:StateMachine": Recipe(
        service="stepfunctions",
        operation="CreateStateMachine",
        id="{response[stateMachineArn]}",
        name=Name(),
        outputs={"arn": "{response[stateMachineArn]}"},
        replaces=frozenset({"name", "namePrefix", "type"}),
        defaults={"type": "STANDARD"},
        kept=frozenset({"loggingConfiguration", "tracingConfiguration"}),
        key={"stateMachineArn": "{id}"},
        read=Call(operation="DescribeStateMachine"),
        found="@",
        update="UpdateStateMachine",
        delete=Call(operation="DeleteStateMachine"),
    ),
}
