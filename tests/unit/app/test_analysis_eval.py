"""Past signals decided on again: nothing later is known, and what came is counted right."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from analysis.training import trained_until, warning
from app.analysis_cases import Ground, PastSignal, PastStrategy, find
from app.analysis_eval import DecisionTask, Figures, figures, totals
from app.cli import cli
from app.recorded import tick_of
from llm.evals.results import CaseResult, EvalRun, RunInfo
from llm.evals.run import evaluate
from llm.models import ErrorKind, ModelAnswer, ModelError, ModelRequest
from screener import Program, compile_filter
from screener.engine.replay import Candles

HOUR = 3_600_000
CODE = "match = close > ta.ema(close, 20)"
JULY_2025 = 1_751_328_000_000
DAY = 86_400_000


def made(later: float = 1.0) -> Candles:
    """600 hours of three symbols; from the 400th on multiplied by `later`."""
    rng = np.random.default_rng(4)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (600, 3)), axis=0))
    first = np.vstack([np.full((1, 3), 100.0), close[:-1]])
    fields = {
        "open": first, "high": np.maximum(first, close) * 1.004, "low": np.minimum(first, close) * 0.996,
        "close": close, "volume": rng.uniform(10, 20, close.shape),
    }  # fmt: skip
    fields["quote_volume"] = fields["volume"] * close
    scale = np.where(np.arange(600) < 400, 1.0, later)[:, None]
    opens = JULY_2025 + HOUR * np.arange(600, dtype=np.int64)
    return Candles(("BTCUSDT", "ETHUSDT", "SOLUSDT"), {"1h": (opens, {k: v * scale for k, v in fields.items()})})


class Made(Ground):
    """A ground over candles at hand."""

    def __init__(self, candles: Candles) -> None:
        super().__init__()
        self._made = candles

    def candles(self, program: Program) -> Candles:
        return self._made


def above() -> PastStrategy:
    return PastStrategy("above", "Above its mean", "", "", "long", compile_filter(CODE, "1h"))


def cases(ground: Ground, limit: int = 30) -> list[PastSignal]:
    notes: list[str] = []
    found = find(ground, [above()], limit, notes)
    assert found and not notes
    return found


class Model:
    """Enters at the price it reads in the snapshot, or fails."""

    name = "stand-in"

    def __init__(self, stop: float = 0.97, target: float = 1.06, fails: ErrorKind | None = None, **more: Any) -> None:
        self.stop, self.target, self.fails, self.more = stop, target, fails, more

    async def complete(self, request: ModelRequest[Any]) -> ModelAnswer[Any]:
        if self.fails:
            raise ModelError("it does not answer", kind=self.fails, model=self.name, cost=0.25)
        price = json.loads(str(request.variables["snapshot"]))["price"]
        answer = {
            "decision": "enter_trade", "confidence": 70, "reasoning": "It is above its mean.",
            "key_levels": {"entry": price, "stop_loss": price * self.stop, "take_profit": [price * self.target]},
            **self.more,
        }  # fmt: skip
        data = request.schema.model_validate(answer)
        return ModelAnswer(
            data, json.dumps(answer), self.name, input_tokens=10, output_tokens=5, cost=0.5, latency_ms=3
        )


async def evaluated(model: Any, ground: Ground, found: list[PastSignal]) -> tuple[EvalRun, Figures]:
    info = RunInfo.model_validate(
        {"id": "1", "kind": "analysis", "model": "m", "dataset": "d", "dataset_hash": "h", "market": "m",
         "asked": len(found), "started_at": "2026-01-01T00:00:00Z"}
    )  # fmt: skip
    run = await evaluate(DecisionTask(model, ground, 10.0), found, info, concurrency=1)
    return run, figures(run.results)


def test_nothing_later_is_in_the_snapshot() -> None:
    true, other = Made(made()), Made(made(later=1_000.0))
    early = [case for case in cases(true, 200) if case.row < 400]
    late = [case for case in cases(true, 200) if case.row >= 400]
    assert len(early) > 5 and len(late) > 2
    for case in early[-3:]:
        assert case.close == int(made().series["1h"][0][case.row]) + HOUR
        seen = true.snapshot(case)
        assert seen.candle_close == case.close and seen.candles[-1].time == case.close - HOUR
        assert seen.price == pytest.approx(made().series["1h"][1]["close"][case.row, case.column])
        assert seen.digest == other.snapshot(case).digest
    assert true.snapshot(late[0]).digest != other.snapshot(late[0]).digest


def walked(case: PastSignal, entry: float, stop: float, target: float) -> float:
    """R of a long plan after fees of 10 bps a side, candle by candle."""
    fields = made().series["1h"][1]
    price = float("nan")
    for row in range(case.row + 1, case.row + 49):
        first, high, low, last = (float(fields[n][row, case.column]) for n in ("open", "high", "low", "close"))
        price = last
        if low <= stop:
            price = min(first, stop)
            break
        if high >= target:
            price = target
            break
    return (price - entry - 0.001 * (entry + price)) / (entry - stop)


async def test_a_decision_is_followed_to_what_came_of_it() -> None:
    ground = Made(made())
    found = cases(ground)
    run, told = await evaluated(Model(), ground, found)
    assert run.complete and told.decided == len(found) and told.entered == len(found), run.results[0]
    results = []
    for case, result in zip(found, run.results, strict=True):
        assert result.output is not None
        price = float(made().series["1h"][1]["close"][case.row, case.column])
        expected = walked(case, price, price * 0.97, price * 1.06)
        assert result.output["model"]["r"] == pytest.approx(expected, abs=1e-3)
        assert result.score == float(expected > 0) == result.measures["won"]
        assert result.spent.calls == 1 and result.spent.cost == 0.5
        results.append(expected)
    of = told.lift
    assert of.entered is not None and of.bare is not None and of.difference is not None
    assert of.entered.value == pytest.approx(np.mean(results), abs=1e-3)
    assert of.difference.value == pytest.approx(np.mean(results) - of.bare.value, abs=1e-3)
    assert of.block_ms == 2 * 48 * HOUR and of.difference.low is None
    assert totals(run)["mean_r"] == of.entered.value and told.refusals == {}


async def test_an_entry_the_facts_do_not_bear_is_refused_and_scored_as_none() -> None:
    ground = Made(made())
    found = cases(ground, 8)
    run, told = await evaluated(Model(stop=1.02), ground, found)
    assert told.entered == 0 and told.grounded == 0 and told.lift.entered is None
    assert sum(told.refusals.values()) >= len(found) and "stop" in told.refusals
    for result in run.results:
        assert result.output is not None and result.measures["refused"] == 1 and result.output["model"] is None
        assert result.score == float(result.output["bare"]["r"] <= 0)


@pytest.mark.parametrize(("kind", "decided"), [("overloaded", 8), ("bad_answer", 10)])
async def test_a_model_that_fails_is_told_and_spends(kind: ErrorKind, decided: int) -> None:
    ground = Made(made())
    run, told = await evaluated(Model(fails=kind), ground, cases(ground, 10))
    # One that does not answer is given up; bad answers are what is measured.
    assert [r.error for r in run.results] == ["it does not answer"] * decided
    assert [(r.spent.calls, r.spent.cost) for r in run.results] == [(1, 0.25)] * decided
    assert told.decided == told.lift.signals == told.calibration.count == 0


def test_signals_are_spread_over_time_and_can_end() -> None:
    ground = Made(made())
    many, few = cases(ground, 1_000), cases(ground, 5)
    assert len(few) == 5 and {c.id for c in few} <= {c.id for c in many} and len({c.id for c in many}) == len(many)
    assert min(c.row for c in many) >= 100 and max(c.row for c in many) < 600 - 48 - 1
    assert few[-1].close - few[0].close > (many[-1].close - many[0].close) / 2
    for case in few:
        assert case.conditions[0]["value"] is True


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("openai/gpt-4o", None),
        ("gpt-4o-2024-08-06", None),
        ("openai/gpt-4.1-mini", None),
        ("anthropic/claude-sonnet-4-20250514", None),
        ("openai/gpt-4o-audio", "it is not known here"),
        ("openai/gpt-9", "it is not known here"),
        ("ollama/llama3.2", "it is not known here"),
    ],
)
def test_a_period_after_the_training_data_needs_no_warning(model: str, says: str | None) -> None:
    told = warning(model, JULY_2025, JULY_2025 + 30 * DAY)
    assert told is None if says is None else told is not None and told.startswith(says)


def test_a_period_within_the_training_data_is_warned_of() -> None:
    assert trained_until("x/gpt-4o") != trained_until("x/gpt-4.1") and trained_until("unheard-of") is None
    whole = warning("gpt-4o", JULY_2025 - 900 * DAY, JULY_2025 - 800 * DAY)
    part = warning("gpt-4o", JULY_2025 - 900 * DAY, JULY_2025)
    assert whole is not None and "all of this period" in whole
    assert part is not None and "a part of this period (2023-01-13 to 2025-07-01)" in part


def test_the_command_runs_keeps_and_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCREENER_DATA_DIR", str(tmp_path))
    for name in ("DATABASE_URL", "SCREENER_MODEL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "own.star").write_text(CODE)
    asked = ["eval", "analysis", "--filter", str(tmp_path / "own.star"), "--interval", "4h", "--limit", "4"]
    shown = CliRunner().invoke(cli, [*asked, "--json"])
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert found["complete"] and len(found["results"]) == 4 and found["figures"]["decided"] == 4
    assert "no decision is better than chance" in found["notes"][0]
    again = CliRunner().invoke(cli, asked)
    assert "over 4 cases" in again.stdout and "R a signal, over 4 signals" in again.stdout
    listed = CliRunner().invoke(cli, ["eval", "list"])
    assert listed.stdout.count("  analysis  ") == 2
    kept = CliRunner().invoke(cli, ["eval", "show"])
    assert "R a signal, over 4 signals" in kept.stdout
    wrong = CliRunner().invoke(cli, ["eval", "analysis", "--strategy", "nonsense"])
    assert wrong.exit_code == 2 and "there is no strategy nonsense" in wrong.stderr
    broken = CliRunner().invoke(cli, ["eval", "analysis", "--filter", "-", "--json"], input="match = 1 +")
    assert broken.exit_code == 2 and json.loads(broken.stdout)["errors"][0]["line"] == 1
    nowhere = CliRunner().invoke(cli, ["eval", "analysis", "--data", str(tmp_path / "no"), "--json"])
    assert nowhere.exit_code == 2


def test_a_tick_is_read_from_the_decimals_of_prices() -> None:
    assert tick_of([1.25, 3.5]) == Decimal("0.01")
    assert tick_of([0.00001234]) == Decimal("0.00000001")
    assert tick_of([100.0, 101.0]) == 1


def test_a_run_of_a_time_without_holding_times_has_no_interval() -> None:
    """It would be too narrow: how long its plans overlapped is not known."""
    kept = {"decision": "bad_setup", "proposed": "bad_setup", "confidence": 60, "failed": [], "model": None}
    results = [
        CaseResult(
            id=str(i),
            group="g",
            frozen=False,
            score=0.0,
            output={**kept, "close": i * HOUR, "bare": {"state": "target", "r": 1.0}},
        )
        for i in range(500)
    ]
    found = figures(results).lift
    assert found.avoided is not None and (found.avoided.value, found.avoided.low) == (1.0, None)


def test_results_of_cases_without_an_answer_do_not_count() -> None:
    none = CaseResult(id="a", group="g", frozen=False, score=0.0, error="x")
    assert figures([none]).decided == 0
