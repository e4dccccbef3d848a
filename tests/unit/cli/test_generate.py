"""`screener generate`: its JSON, its steps, its errors; offline and with a model on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import cli
from llm.schemas import PUBLIC
from tests.fixtures.openai_stub import Reply, Stub, openai_stub
from tests.fixtures.writers import BAD, GOOD, SENTENCE, draft, writer

DOCUMENTED = {
    "name", "description", "direction", "interval", "conditions", "instructions", "indicators", "risk", "filter_code",
    "reading", "assumptions", "not_understood", "model", "attempts",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SCREENER_MODEL", "DATABASE_URL", "LANGFUSE_PUBLIC_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    with openai_stub() as running:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-test-0123456789")
        monkeypatch.setenv("OPENAI_BASE_URL", running.url)
        monkeypatch.setenv("SCREENER_MODEL", "openai/writer")
        yield running


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["generate", *arguments], input=text)


def test_the_json_has_exactly_the_documented_fields() -> None:
    done = run(SENTENCE, "--json")
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.output)) == DOCUMENTED == set(PUBLIC)


def test_steps_go_to_standard_error() -> None:
    done = run("-", text=SENTENCE)
    assert "Read the sentence" in done.stderr and "Read the sentence" not in done.stdout
    assert "first try" in done.stderr
    assert GOOD.splitlines()[0].split(" = ")[1] in done.stdout


@pytest.mark.parametrize(
    ("sentence", "promised", "lines"),
    [
        ("short when price closes under the 50 sma on 4h, stop 3% above, take profit 6%", ["3% above", "6% below"], 0),
        ("short when price closes under the 50 sma on 4h, stop 3% above", ["3% above"], 1),
        ("short when price closes under the 50 sma on 4h", [], 2),
        ("RSI below 30 on 1h, hold at most 20 candles", ["Close after 20 candles at the latest"], 2),
    ],
)
def test_only_what_happens_is_promised_of_how_a_trade_ends(sentence: str, promised: list[str], lines: int) -> None:
    made = json.loads(run(sentence, "--json").output)
    told = made["instructions"]
    assert all(words in told for words in promised)
    assert "48 candles" not in told and "ATR" not in told
    assert ("at the latest" in told) == ("exit = trade.bars >= 20" in made["filter_code"])
    shown = run(sentence).stdout
    assert (
        shown.count("the analysis of each signal proposes") + shown.count("the track record follows its signals")
        == lines
    )
    assert ("1.5 ATR" in shown) == (lines == 2)


def test_what_the_sentence_left_open_is_asked_with_the_answer_taken() -> None:
    done = run("RSI below 30 while price is above its average, stop 2%")
    assert "question: Length of RSI? RSI: 14; the sentence gives no number. Or: 7 (faster); 21 (slower)." in done.stdout


@pytest.mark.parametrize("sentence", ["", "  \n ", "x" * 4_001, "x" * 20_000])
def test_nothing_and_too_much_are_bad_input(sentence: str) -> None:
    done = run("-", "--json", text=sentence)
    assert done.exit_code == 2
    assert json.loads(done.stdout)["errors"][0]["message"]


def test_a_sentence_that_is_no_text_is_bad_input() -> None:
    done = CliRunner().invoke(cli, ["generate", "-"], input=b"\xff\xfe\x00")
    assert done.exit_code == 2 and "UTF-8" in done.stderr


def test_another_language_is_answered_with_what_to_do() -> None:
    done = run("Acheter quand le prix monte depuis trois jours")
    assert done.exit_code == 1
    assert "reads English" in done.stderr and "SCREENER_MODEL" in done.stderr


def test_a_models_repair_is_counted_and_paid(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCREENER_MODEL_PRICES", "openai/writer=10/10")
    stub.script = writer(draft(BAD), draft())
    done = run(SENTENCE)
    assert done.exit_code == 0, done.output
    assert "does not compile" in done.stderr and "second try" in done.stderr
    assert "3 calls, 210 tokens, 0.0021 US dollars" in done.stdout


def test_a_program_that_never_compiles_fails_with_its_diagnostics(stub: Stub) -> None:
    stub.script = writer(draft(BAD))
    done = run(SENTENCE, "--json")
    assert done.exit_code == 1
    errors = json.loads(done.output)["errors"]
    assert [row["code"] for row in errors] == ["not_generated", "not_accepted", "not_understood"]
    assert "rsii" in errors[1]["message"] and "line 1 is: " in errors[1]["message"]


def test_a_model_that_is_away_fails_with_what_to_do(stub: Stub) -> None:
    stub.answer_with(Reply(status=401))
    done = run(SENTENCE)
    assert done.exit_code == 1
    assert "refused the key" in done.stderr and "screener doctor" in done.stderr
    assert "sk-of-the-test" not in done.output


def test_a_spend_cap_fails_with_when_it_ends(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCREENER_MODEL_PRICES", "openai/writer=10/10")
    monkeypatch.setenv("SCREENER_SPEND_PER_DAY", "0.000001")
    done = run(SENTENCE, "--json")
    assert done.exit_code == 1 and stub.asked == []
    row = json.loads(done.output)["errors"][0]
    assert "SCREENER_SPEND_PER_DAY" in row["message"] and "midnight UTC" in row["hint"]


def test_what_a_model_writes_moves_no_cursor(stub: Stub) -> None:
    stub.script = writer(description={"name": "\x1b]0;owned\x07Dip", "assumptions": ["\x1b[2J\u202eno"]})
    done = run(SENTENCE)
    assert done.exit_code == 0 and "Dip" in done.output
    assert not set("\x1b\x07\u202e") & set(done.output)
