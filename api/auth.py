"""Who asks, and whether the request may come from where it comes.

Personal mode (loopback, no log-in): every request is the local user's, so a page of another site must not be able to
make one. `Guard` refuses a foreign `Host` (DNS rebinding), a cross-site `Origin` and `Sec-Fetch-Site`. Beyond
loopback a bearer token is required for everything but health and readiness.
"""

from __future__ import annotations

import hmac
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import problem
from app.settings import LOCAL_USER, Settings

OPEN_PATHS = frozenset({"/health", "/ready"})
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def _hostname(value: str) -> str:
    return urlsplit(f"//{value}").hostname or ""


class Guard:
    """ASGI middleware that refuses what the mode does not allow."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer with a problem."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        refusal = self._refusal(str(scope["path"]), headers)
        if refusal is None:
            await self.app(scope, receive, send)
            return
        await problem(*refusal)(scope, receive, send)

    def _refusal(self, path: str, headers: dict[str, str]) -> tuple[int, str, str] | None:
        settings = self.settings
        if settings.loopback:
            try:
                host = _hostname(headers.get("host", ""))
                origin = urlsplit(headers["origin"]) if "origin" in headers else None
                ours = origin is None or (
                    origin.hostname in LOOPBACK_HOSTS and origin.port in (settings.api_port, settings.ui_port)
                )
            except ValueError:
                return 400, "Bad request", "the Host or Origin header cannot be read"
            if host not in LOOPBACK_HOSTS:
                return 403, "Foreign host", "personal mode answers only on 127.0.0.1 and localhost"
            if not ours:
                return 403, "Cross-site request", "another site's page may not use this API"
            if headers.get("sec-fetch-site") == "cross-site":
                return 403, "Cross-site request", "another site's page may not use this API"
        if settings.token is None or path in OPEN_PATHS:
            return None
        expected = f"Bearer {settings.token.get_secret_value()}"
        if not hmac.compare_digest(headers.get("authorization", "").encode(), expected.encode()):
            return 401, "Log in", "send the header Authorization: Bearer with the value of SCREENER_TOKEN"
        return None


def current_user(request: Request) -> UUID:
    """The person who asks; personal mode has one."""
    user = getattr(request.state, "user_id", None)
    return UUID(user) if user else UUID(LOCAL_USER)


User = Annotated[UUID, Depends(current_user)]
