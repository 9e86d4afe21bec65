"""The baseline's Lambda functions. They share nothing with the project's own handlers."""
