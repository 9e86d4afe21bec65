"""What a stack is made of. How one stack differs from another, its configuration alone says."""

import pulumi

from components.stack import settings as stack_settings
from components.stack.build import build_region
from components.stack.region import StackRegion

settings = stack_settings.load()
primary = stack_settings.primary_region()
exports = {
    code: build_region(StackRegion(settings=settings, code=code, primary=code == primary))
    for code in settings.regions
}
for name, value in exports[primary].items():
    pulumi.export(name, value)
pulumi.export("regions", exports)
