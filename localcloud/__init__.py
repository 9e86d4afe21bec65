"""The local cloud: an emulator of AWS on this machine, and the means to deploy a program on it."""

from .engine import DeployError, Deployment, deploy
from .plugin import aws_provider
from .server import ServerError, server
from .stackfile import StackConfig, StackFileError, stack_config

__all__ = [
    "DeployError",
    "Deployment",
    "ServerError",
    "StackConfig",
    "StackFileError",
    "aws_provider",
    "deploy",
    "server",
    "stack_config",
]
