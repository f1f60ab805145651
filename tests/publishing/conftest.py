"""Settings of tests that try many cases."""

from hypothesis import settings

# A busy machine is no failure, and the same cases at every run make a failure one's own.
settings.register_profile("mesh", deadline=None, derandomize=True)
settings.load_profile("mesh")
