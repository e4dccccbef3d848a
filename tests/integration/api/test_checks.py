"""A filter held against its sentence, over HTTP: what is not used, what is asked, and the code of each answer."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from typing import Any

import httpx
import pytest

from api.routes import filters
from screener import Program, compile_filter
from tests.fixtures.fake_market import FakeMarket
from tests.integration.api.calling import assert_problem

_EVENT = re.compile(r"event: (\w+)\ndata: (.*)")
CODE = "match = ta.rsi(close, 14) < 30"
SENTENCE = "RSI below 30 on 5m while the ADX is over 25"


async def test_a_filter_is_held_against_its_sentence(lonely: httpx.AsyncClient) -> None:
    question = {"filter_code": CODE, "interval": "5m", "sentence": SENTENCE}
    checks = (await lonely.post("/api/v1/filters/compile", json=question)).json()["checks"]
    assert [(u["kind"], u["words"]) for u in checks["unused"]] == [("indicator", "ADX"), ("number", "25")]
    length = next(q for q in checks["questions"] if q["id"].startswith("length:rsi"))
    answers = {c["label"]: c["filter_code"] for c in length["choices"]}
    assert answers["7 (faster)"] == "match = ta.rsi(close, 7) < 30"
    told = {**question, "not_understood": ["the ADX is over 25"]}
    assert (await lonely.post("/api/v1/filters/compile", json=told)).json()["checks"]["unused"] == []
    plain = (await lonely.post("/api/v1/filters/compile", json={"filter_code": CODE})).json()["checks"]
    assert set(plain) == {"unused", "disagreements", "invented", "questions", "contradictions", "unheld"}
    assert not any(plain.values())
    turned = {"filter_code": "match = ta.rsi(close, 14) > 30", "interval": "5m", "sentence": "RSI below 30 on 5m"}
    checks = (await lonely.post("/api/v1/filters/compile", json=turned)).json()["checks"]
    (row,) = checks["disagreements"]
    assert (row["asked"], row["said"]) == ("RSI(14) of the close is below 30", "RSI(14) of the close is above 30")
    assert checks["questions"][0]["choices"][1]["filter_code"] == "match = (ta.rsi(close, 14) < 30)"
    too_long = {**question, "sentence": "x" * 4_001}
    assert_problem(await lonely.post("/api/v1/filters/compile", json=too_long), 422)


async def test_a_generated_strategy_carries_its_checks(lonely: httpx.AsyncClient) -> None:
    made = (await lonely.post("/api/v1/generate/strategy", json={"prompt": "RSI below 30 on 15m"})).json()
    assert made["checks"]["unused"] == []
    assert {q["id"].split(":")[0] for q in made["checks"]["questions"]} >= {"length", "direction", "evaluate"}


async def test_a_look_back_says_how_often(client: httpx.AsyncClient) -> None:
    asked = {"filter_code": "match = close > ta.sma(close, 5) and volume < 0", "interval": "1m"}
    found = (await client.post("/api/v1/filters/scan", json=asked)).json()
    assert found["total"] == 0
    assert found["per_day"] == 0.0
    assert [c["text"] for c in found["conditions"]] == ["close > sma(close, 5)", "volume < 0"]
    assert found["conditions"][1]["share"] == 0.0
    assert found["never"][0].startswith("The volume is below 0: not once in ")


async def test_a_look_back_tells_how_far_its_candles_are_fetched(
    client: httpx.AsyncClient, market: FakeMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = asyncio.Event()
    require = market.require

    class Filling(dict[str, tuple[int, int]]):
        """Two symbols more each time that it is asked for; the candles of all came at the third."""

        asked = 0

        def items(self) -> Any:
            self.asked += 1
            if self.asked == 3:
                fetched.set()
            return [("2h", (2 * self.asked, 6)), ("3d", (1, 6))]

    async def slow(program: Program, *, forming: bool = False) -> None:
        async with asyncio.timeout(20):
            await fetched.wait()
        await require(program, forming=forming)

    monkeypatch.setattr(market, "filling", Filling())
    monkeypatch.setattr(market, "require", slow)
    monkeypatch.setattr(filters, "TELL_EVERY_S", 0.01)
    asked = {"filter_code": CODE, "interval": "2h"}
    answer = await client.post("/api/v1/filters/scan", json=asked, headers={"accept": "text/event-stream"})
    *told, last = [(kind, json.loads(data)) for kind, data in _EVENT.findall(answer.text)]
    # One may still be told between the last candle and the answer.
    assert told[:3] == [("progress", {"interval": "2h", "done": done, "of": 6}) for done in (2, 4, 6)]
    assert {row["interval"] for _, row in told} == {"2h"}
    assert last[0] == "result"
    assert (last[1]["interval"], last[1]["symbols"]) == ("2h", 6)


async def test_a_look_back_that_is_told_of_ends_with_what_is_wrong(
    client: httpx.AsyncClient, lonely: httpx.AsyncClient
) -> None:
    for caller, code, status in ((client, "match = nonsense", 422), (lonely, CODE, 503)):
        asked = {"filter_code": code, "interval": "1m"}
        answer = await caller.post("/api/v1/filters/scan", json=asked, headers={"accept": "text/event-stream"})
        (kind, data), *rest = _EVENT.findall(answer.text)
        assert (kind, json.loads(data)["status"], rest) == ("error", status, [])


async def test_a_program_is_compiled_once_and_beside_what_others_ask(
    lonely: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[threading.Thread] = []

    def counted(*args: Any) -> Program:
        compiled.append(threading.current_thread())
        return compile_filter(*args)

    monkeypatch.setattr(filters, "compile_filter", counted)
    for code, ok in ((CODE, True), ("match = nonsense", False)):
        compiled.clear()
        answer = await lonely.post("/api/v1/filters/compile", json={"filter_code": code, "interval": "5m"})
        assert (answer.json()["ok"], len(compiled)) == (ok, 1)
        assert compiled[0] is not threading.current_thread()
