"""Fixtures that every test may use."""

from hypothesis import settings

pytest_plugins = ["tests.fixtures.database"]

# Machines that run tests may be busy: how long one example takes says nothing.
settings.register_profile("quiet", deadline=None)
settings.load_profile("quiet")
