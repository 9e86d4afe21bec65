"""What a stack is made of. How one stack differs from another, its configuration alone says."""

import pulumi

from components.stack import settings as stack_settings
from components.stack.region import build_region
from components.stack.site import Site

settings = stack_settings.load()
home = stack_settings.home_region()
exports = {
    region: build_region(Site(settings=settings, region=region, home=region == home))
    for region in settings.regions
}
for name, value in exports[home].items():
    pulumi.export(name, value)
pulumi.export("regions", exports)
