"""The examples of docs/developer.md: each request is made, and the answer has the shape that is shown."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiohttp

from tests.fixtures.fake_market import FakeMarket
from tests.integration.api.serving import events, served

PAGE = Path(__file__).parents[3] / "docs" / "developer.md"
LEAST = 10


def examples() -> list[tuple[str, list[str]]]:
    """Requests and the lines shown under them."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```http\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M):
        for line in block.splitlines():
            if line.startswith(("GET ", "POST ")):
                found.append((line, []))
            else:
                found[-1][1].append(line)
    return found


def shape(value: Any) -> Any:
    """Keys and kinds, of a list those of its first item; null may stand for anything."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    if isinstance(value, bool) or value is None:
        return value
    return "number" if isinstance(value, int | float) else "text"


async def test_documented_requests_are_answered_as_shown(database_dsn: str) -> None:
    asked = examples()
    assert len(asked) >= LEAST
    async with served(database_dsn, FakeMarket()) as api, aiohttp.ClientSession() as session:
        for request, lines in asked:
            verb, path, *rest = request.split(" ", 2)
            streamed = lines[0].startswith("event: ")
            options: dict[str, Any] = {"json": json.loads(rest[0])} if rest else {}
            if streamed:
                options["headers"] = {"accept": "text/event-stream"}
            async with asyncio.timeout(60), session.request(verb, api.url + path, **options) as response:
                assert response.status == 200, (path, await response.text())
                if streamed:
                    stream, shown = events(response), list(zip(lines[::2], lines[1::2], strict=True))
                    for kind, data in shown:
                        got = await anext(stream)
                        assert f"event: {got[0]}" == kind
                        assert shape(got[1]) == shape(json.loads(data.removeprefix("data: "))), path
                    continue
                assert shape(await response.json()) == shape(json.loads(lines[0])), path
