"""The AWS provider of the local cloud: a plugin that Pulumi's engine deploys with.

It names, compares and replaces as the AWS provider does, and its resources are on the local cloud.
"""
