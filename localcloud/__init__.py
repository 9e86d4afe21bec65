"""The local cloud: an emulator of AWS on this machine, and the means to deploy a program on it."""

from .engine import Adjust, DeployError, Deployment, deploy
from .plugin import aws_provider
from .server import ServerError, server
from .stackfile import StackConfig, StackFileError, stack_config
from .state import Change, State

__all__ = [
    "Adjust",
    "Change",
    "DeployError",
    "Deployment",
    "ServerError",
    "StackConfig",
    "StackFileError",
    "State",
    "aws_provider",
    "deploy",
    "server",
    "stack_config",
]
