"""The local cloud: an emulator of AWS on this machine, and the means to deploy a program on it."""

from .engine import DeployError, Deployment, deploy
from .server import ServerError, server
from .stackfile import StackConfig, StackFileError, stack_config

__all__ = [
    "DeployError",
    "Deployment",
    "ServerError",
    "StackConfig",
    "StackFileError",
    "deploy",
    "server",
    "stack_config",
]
