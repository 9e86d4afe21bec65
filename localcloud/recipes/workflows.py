"""State machines. MiniStack checks neither their role nor the names of the errors they catch."""

from collections.abc import Mapping

from .recipe import Accepted, Recipe

RECIPES: Mapping[str, Recipe | Accepted] = {
    "aws:sfn/stateMachine:StateMachine": Recipe(
        service="stepfunctions",
        operation="CreateStateMachine",
        id="{response[stateMachineArn]}",
        name="name",
        outputs={"arn": "{response[stateMachineArn]}"},
    ),
}
