"""What holds for every test in the repository, those of the examples too."""

from hypothesis import settings

# A property is true or false however busy the machine is; pytest's timeout ends a test that hangs.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
