"""A filter held against its sentence, over HTTP: what is not used, what is asked, and the code of each answer."""

from __future__ import annotations

import httpx

from tests.integration.api.calling import assert_problem

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
    assert plain == {"unused": [], "disagreements": [], "invented": [], "questions": [], "contradictions": []}
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
