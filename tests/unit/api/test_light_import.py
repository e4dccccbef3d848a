"""The API starts and serves without the libraries that only model calls need: they take seconds to load."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("litellm", "langfuse", "openai", "tiktoken")

PROGRAM = f"""
import asyncio, os, sys

os.environ["SCREENER_MODEL"] = "openai/some-model"
os.environ["LANGFUSE_PUBLIC_KEY"] = os.environ["LANGFUSE_SECRET_KEY"] = "k"
os.environ["LANGFUSE_BASE_URL"] = "http://127.0.0.1:9"

import httpx

from api.main import create_app
from app.settings import Settings


def loaded():
    return [name for name in {HEAVY!r} if name in sys.modules]


async def main():
    assert not loaded(), loaded()
    app = create_app(Settings(_env_file=None))
    app.state.services = None
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        assert (await client.get("/health")).status_code == 200
        assert (await client.get("/openapi.json")).status_code == 200
        refused = await client.post("/api/v1/generate/strategy", json={{"prompt": ""}})
        assert refused.status_code == 422, refused.text
    assert not loaded(), loaded()
    from app.bootstrap import tracer, writing_model
    writing_model(Settings(_env_file=None))
    tracer()
    assert not loaded(), loaded()
    del os.environ["LANGFUSE_PUBLIC_KEY"]
    tracer.cache_clear()
    from app.asking import Job
    from app.generation import strategy
    job = Job(Settings(_env_file=None), model="offline translator")
    made, rows = await strategy(job, "RSI below 30 on 15m")
    assert made.interval == "15m" and rows
    assert not loaded(), loaded()


asyncio.run(main())
"""


def test_serving_without_a_model_call_loads_no_model_library() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
