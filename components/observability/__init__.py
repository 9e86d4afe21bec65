"""What an operator sees of a stack and is woken by."""

from .args import ObservabilityArgs
from .component import Observability

__all__ = ["Observability", "ObservabilityArgs"]
