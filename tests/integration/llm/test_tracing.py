"""Traces as they leave for Langfuse: one trace an action, a generation span a call, a flush that ends in time."""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from llm import PhrasebookModel, TracedModel, generate_strategy, tracer_from_environment
from llm.tracing import LangfuseTracer


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The spans a stand-in for Langfuse received."""
    spans: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            request = ExportTraceServiceRequest()
            request.ParseFromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    spans.extend(scope.spans)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", "pk-lf-test")
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", "sk-lf-test")
    monkeypatch.setenv("LANGFUSE_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}")
    yield spans
    server.shutdown()
    server.server_close()


async def test_one_trace_an_action_and_a_generation_a_call(exported: list[Any]) -> None:
    tracer = tracer_from_environment()
    with tracer.action("generate strategy", user_id="user-1", input="RSI below 30") as span:
        await generate_strategy(TracedModel(PhrasebookModel(), tracer), "RSI below 30 on 15m")
        trace_id = span.trace_id
    assert tracer.flush(5.0)
    by_name = {found.name: found for found in exported}
    assert set(by_name) == {"generate strategy", "generate.metadata", "generate.filter"}
    assert {found.trace_id.hex() for found in exported} == {trace_id}
    root = by_name["generate strategy"]
    attributes = {item.key: item.value.string_value for item in by_name["generate.filter"].attributes}
    assert by_name["generate.filter"].parent_span_id == root.span_id
    assert attributes["langfuse.observation.type"] == "generation"
    assert attributes["langfuse.observation.model.name"] == "offline translator"
    assert "user-1" in {item.value.string_value for item in root.attributes}


def test_a_flush_ends_in_time_though_the_host_hangs() -> None:
    class Hanging:
        def flush(self) -> None:
            time.sleep(3)

    tracer = LangfuseTracer()
    tracer._client = Hanging()
    started = time.perf_counter()
    assert not tracer.flush(0.1)
    assert time.perf_counter() - started < 1
