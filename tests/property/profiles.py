"""How hard the properties are tried.

By default the examples are few and always the same. `PROPERTY_EXAMPLES=2000` tries as many for each property, new ones
each time, and keeps what fails in Hypothesis's database.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

_DEEP = int(os.environ.get("PROPERTY_EXAMPLES", "0"))


def examples(quick: int) -> settings:
    """Settings of a property: `quick` examples unless the environment asks for more."""
    if _DEEP:
        return settings(max_examples=_DEEP, deadline=None, suppress_health_check=list(HealthCheck))
    return settings(
        max_examples=quick, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
