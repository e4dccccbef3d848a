"""Fixtures that every test may use."""

import os

from hypothesis import settings

pytest_plugins = ["tests.fixtures.database"]

# Machines that run tests may be busy: how long one example takes says nothing. The examples are always the same, unless
# PROPERTY_EXAMPLES asks for new ones (`tests.property.profiles`).
settings.register_profile("quiet", deadline=None, derandomize="PROPERTY_EXAMPLES" not in os.environ)
settings.load_profile("quiet")
