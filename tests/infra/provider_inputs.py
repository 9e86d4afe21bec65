"""Arguments as a program in another language sends them, through Pulumi's engine."""

from typing import Any

import yaml

# What marks a value on the wire: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/sig/sig.go
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
OUTPUT = {"4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4"}
YAML: dict[str, Any] = yaml.safe_load("""
stageName: dev
channels:
  - pattern: link:*
    access: public
    delivery: latest
    minIntervalMs: 100
  - pattern: user:{sub}
    access: owner
    delivery: every
    publishers: [orders]
tokens:
  issuer: https://issuer.example
  audiences: [web]
throttlingRateLimit: 10
defaults:
  logRetentionDays: 7
connectParameters:
  code: link:{}
""")
FUNCTION: dict[str, Any] = {
    "environment": {"QUEUE_URL": OUTPUT | {"value": "https://queue"}},
    "policies": {"send": OUTPUT | {"value": "{}"}},
    "defaults": {
        "layerArn": OUTPUT | {"value": "arn:aws:lambda:eu-west-1:1:layer:ours:1"},
        "logRetentionDays": 7,
    },
    "timeoutSeconds": 10,
    "memoryMb": 256,
}
