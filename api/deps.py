"""What routes share: the services of the running application."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.bootstrap import Services


def services(request: Request) -> Services:
    """Database, market and settings."""
    found: Services = request.app.state.services
    return found


Parts = Annotated[Services, Depends(services)]
