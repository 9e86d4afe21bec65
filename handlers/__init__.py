"""The code that runs in the cloud. A function is one module with `handler(event, context)`.

Nothing here imports Pulumi.
"""
