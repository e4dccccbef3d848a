"""What is not there is answered as /openapi.json says, on every path that names one thing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.api.calling import assert_problem, body

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("put", "/api/v1/strategies/{strategy_id}"): body(),
    ("patch", "/api/v1/strategies/{strategy_id}"): {"name": "Another"},
    ("post", "/api/v1/signals/{signal_id}/approve"): {"price_seen": 1.0},
    ("patch", "/api/v1/subscriptions/{subscription_id}"): {"capital": "100"},
}
"""What has to be sent so that the thing is looked for at all."""


async def test_an_id_of_nothing_is_answered_as_described(lonely: httpx.AsyncClient) -> None:
    paths = (await lonely.get("/openapi.json")).json()["paths"]
    missing = []
    for path, operations in paths.items():
        if "{" not in path:
            continue
        address = path.replace("{name}", "nothing")
        for name in ("strategy_id", "signal_id", "position_id", "subscription_id", "analysis_id"):
            address = address.replace(f"{{{name}}}", str(uuid4()))
        assert "{" not in address, path
        for method, operation in operations.items():
            answer = await lonely.request(method, address, json=BODIES.get((method, path), {}))
            described = operation["responses"].get(str(answer.status_code), {})
            if answer.status_code >= 400:
                assert_problem(answer, answer.status_code)
                described = described.get("content", {}).get("application/problem+json")
            if not described:
                missing.append((method, path, answer.status_code))
            if operation["responses"].get("404") is None and answer.status_code == 404:
                missing.append((method, path, 404))
    assert missing == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/strategies"), ("post", "/strategies/{strategy_id}/enable"), ("post", "/signals/{signal_id}/approve")],
)
async def test_refusals_of_a_state_are_described(lonely: httpx.AsyncClient, method: str, path: str) -> None:
    responses = (await lonely.get("/openapi.json")).json()["paths"][f"/api/v1{path}"][method]["responses"]
    assert "application/problem+json" in responses["409"]["content"]
    assert "application/problem+json" in responses["422"]["content"], "a body that is not valid is a problem, too"
