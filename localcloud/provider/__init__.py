"""The AWS provider of the local cloud: a plugin that Pulumi's engine deploys with.

It names, compares and replaces as the AWS provider does, and what it makes is on the local cloud.
"""
