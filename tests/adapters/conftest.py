from tests.calls.held import calls_aws_would_take

__all__ = ["calls_aws_would_take"]
