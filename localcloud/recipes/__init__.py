"""How each AWS resource type of a program is created: a row a type, in a table a domain."""

from collections.abc import Mapping

from . import api_gateway, data, domains, functions, messaging, operations, quotas, web, workflows
from .recipe import Accepted, Recipe

RECIPES: Mapping[str, Recipe | Accepted] = {
    **api_gateway.RECIPES,
    **data.RECIPES,
    **domains.RECIPES,
    **functions.RECIPES,
    **messaging.RECIPES,
    **operations.RECIPES,
    **quotas.RECIPES,
    **web.RECIPES,
    **workflows.RECIPES,
}
