"""The alarms of a stack and its CloudWatch dashboard."""

from .args import ObservabilityArgs
from .component import Observability

__all__ = ["Observability", "ObservabilityArgs"]
