"""Server push on AWS. `realtime_platform.components` describes it, `.handlers` runs in it.

Neither is imported here: Pulumi is not needed to run, nor the functions' packages to describe.
"""

from importlib.metadata import version

__version__ = version("realtime-platform")
