"""What a stack is made of. How one stack differs from another, its configuration alone says."""

import pulumi

import components.settings
from components.regional_stack import build_region
from components.site import Site

settings = components.settings.load()
home = components.settings.home_region()
exports = {
    region: build_region(Site(settings=settings, region=region, home=region == home))
    for region in settings.regions
}
for name, value in exports[home].items():
    pulumi.export(name, value)
pulumi.export("regions", exports)
