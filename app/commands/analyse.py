"""`screener analyse`: one signal analysed over recorded candles, by a model or by the offline analyst.

1. `_strategy` reads the strategy: a filter program, or the JSON that `screener generate --json` prints.
2. `app.recorded` takes the candles up to the asked moment, so that nothing later can be seen.
3. What is printed is the decision that stands, the report of how it was checked, and the snapshot it was checked with.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.commands.options import DATA, INTERVALS, DataCommand, iso, keep_machine_code, moment
from app.commands.output import BAD_INPUT, fail, read_program, say
from app.commands.parts import load_settings

if TYPE_CHECKING:
    from analysis import Analysis, Snapshot


@click.command(cls=DataCommand)
@DATA
@click.option("--symbol", required=True)
@click.option("--interval", required=True, type=INTERVALS, help="Base interval.")
@click.option("--at", "until", type=moment, help="The newest candle closed by then [the newest of all].")
@click.option("--strategy", "file", metavar="FILE", help="A filter, or a strategy as `generate --json` prints it.")
@click.option("--direction", type=click.Choice(["long", "short"]), help="[the strategy's, else long]")
@click.option("--bars", type=click.IntRange(1, 1000), default=100, show_default=True, help="Candles that are shown.")
@click.option("--asks", type=click.IntRange(1, 5), default=1, show_default=True, help="How many answers are asked for.")
@click.option("--model", help="A model as litellm names it [SCREENER_MODEL, else the offline analyst].")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def analyse(
    folder: Path,
    symbol: str,
    interval: str,
    until: int | None,
    file: str | None,
    direction: str | None,
    bars: int,
    asks: int,
    model: str | None,
    as_json: bool,
) -> None:
    """Analyse one signal: what is known at a candle's close, the decision, and how it was checked."""
    keep_machine_code()
    from analysis import AnalysisFailed, Asking, GroundingLimits, SnapshotError, StrategyBrief, decide
    from app.bootstrap import analysing_model, flush_traces
    from app.recorded import recorded_snapshot
    from app.settings import SettingsError
    from llm.models import LanguageModel
    from market.history import HistoryError
    from screener import FilterError

    strategy = _strategy(file, as_json=as_json)
    side = direction or str(strategy.get("direction") or "long")
    code = str(strategy.get("filter_code") or "")
    try:
        snapshot = recorded_snapshot(folder, symbol, interval, side, until=until, filter_code=code, bars=bars)
    except FilterError as error:
        fail("; ".join(str(d) for d in error.diagnostics), as_json=as_json, code=BAD_INPUT)
    except (HistoryError, SnapshotError, OSError) as error:
        fail(str(error), as_json=as_json, code=BAD_INPUT)
    settings = load_settings()
    brief = StrategyBrief(
        str(strategy.get("name") or "a filter"),
        str(strategy.get("description") or ""),
        tuple(str(row) for row in strategy.get("conditions") or [row.text for row in snapshot.conditions]),
        str(strategy.get("instructions") or ""),
        strategy["risk"] if isinstance(strategy.get("risk"), dict) else {},
    )

    async def run(asked: LanguageModel | None) -> Analysis:
        try:
            limits = GroundingLimits(fee_bps=float(settings.fee_bps))
            return await decide(asked, snapshot, brief, limits=limits, asking=Asking(asks=asks))
        finally:
            await flush_traces()

    try:
        made = asyncio.run(run(analysing_model(settings, name=model)))
    except SettingsError as error:
        fail(str(error), as_json=as_json, code=BAD_INPUT)
    except AnalysisFailed as failure:
        fail(f"there is no analysis: {failure.reason}", as_json=as_json, error_code="not_analysed")
    if as_json:
        click.echo(json.dumps(_record(snapshot, made)))
    else:
        _print(snapshot, made)


def _strategy(file: str | None, *, as_json: bool) -> dict[str, Any]:
    if file is None:
        return {}
    text = read_program(file, as_json=as_json)
    if not text.lstrip().startswith("{"):
        return {"filter_code": text, "name": Path(file).stem}
    try:
        read = json.loads(text)
    except ValueError as error:
        fail(f"{file} is no JSON: {error}", as_json=as_json, code=BAD_INPUT)
    if not isinstance(read.get("filter_code"), str):
        fail(f"{file} is no strategy: it has no filter_code", as_json=as_json, code=BAD_INPUT)
    if read.get("direction") not in ("long", "short", None):
        fail(f"{file}: the direction is long or short", as_json=as_json, code=BAD_INPUT)
    return dict(read)


def _record(snapshot: Snapshot, made: Analysis) -> dict[str, Any]:
    return {
        "symbol": snapshot.symbol,
        "interval": snapshot.interval,
        "direction": snapshot.direction,
        "candle_close": iso(snapshot.candle_close),
        "price": snapshot.price,
        **made.model_dump(mode="json", exclude={"snapshot_digest"}),
        "snapshot_hash": made.snapshot_digest,
        "snapshot": snapshot.model_dump(mode="json"),
    }


def _print(snapshot: Snapshot, made: Analysis) -> None:
    text, levels, report = snapshot.text, made.key_levels, made.grounding
    say(
        f"{snapshot.symbol} {snapshot.interval} {snapshot.direction}, candle closed {iso(snapshot.candle_close)} "
        f"at {text(snapshot.price)}: {made.decision}, confidence {made.confidence}, by {made.model}"
    )
    say(made.reasoning)
    if levels.stop_loss is not None:
        targets = ", ".join(text(t) for t in levels.take_profit if t is not None)
        ratio = "" if report.risk_reward is None else f", reward to risk {report.risk_reward:.2f} after fees"
        say(f"  stop {text(levels.stop_loss)}, targets {targets}{ratio}")
    for name, prices in (("supports", levels.support), ("resistances", levels.resistance)):
        if prices:
            say(f"  {name} {', '.join(text(p) for p in prices if p is not None)}")
    for name, code in (("again when", made.trade_plan.trigger_code), ("wrong when", made.trade_plan.invalidation_code)):
        if code:
            say(f"  {name}  {code}")
    for opinion in made.opinions:
        say(f"  answer  {opinion['model']}: {opinion['decision'] or opinion.get('error')}")
    say(f"checks: {'all passed' if report.passed else 'refused'}")
    for check in report.checks:
        say(f"  {check.status:<8} {check.message}")
    say(f"snapshot {made.snapshot_digest[:12]}, {len(snapshot.candles)} candles, trend {snapshot.trend}")
    for row in snapshot.table:
        say(f"  {row.interval:<4} {row.name:<32} {row.value:.8g}")
    if made.cost:
        say(f"{made.input_tokens + made.output_tokens:,} tokens, {made.cost:.4f} US dollars")
