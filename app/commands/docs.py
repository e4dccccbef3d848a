"""`screener docs`: writes the generated parts of the documentation.

1. `PARTS` names each generated part, the file that holds it and the function that writes it.
2. `filled` puts a part between its two markers in the file's text; everything else stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, get_origin

import click
from pydantic import AliasChoices, SecretStr

from app.commands.output import FAILURE, fail
from app.settings import Settings
from screener import IndicatorInfo, catalogue
from screener.external.catalogue import external_catalogue

MEANINGS: Final[dict[str, str]] = {
    "data_dir": "folder of database, logs and compiled kernels",
    "host": "address the API and the app listen on; anything but loopback needs `SCREENER_TOKEN`",
    "api_port": "port of the API",
    "ui_port": "port of the app",
    "sim_port": "port of the simulated exchange; another free one is taken where it is in use",
    "token": "what callers of the API send as a bearer token, and people type into the app; 16 characters or more",
    "market": "`demo` (the simulated exchange) or `binance` (public prices, paper trades)",
    "speed": "market seconds for each real one; not set: 10 for the demo under `screener up`, else 1",
    "symbols": "symbols of the demo market; for Binance see `SCREENER_UNIVERSE_LIMIT`",
    "seed": "what the demo market is made from; the same seed gives the same prices",
    "exchange_rest_url": "another server of Binance's shape for REST; set by `screener up` for the demo",
    "exchange_stream_url": "the same for streams",
    "archive_url": "another archive of whole months; not set: Binance's, and none beside another REST server",
    "venue": "of Binance: `spot`, or `usdm`, the perpetual futures that are margined in USDT or USDC",
    "quote_asset": "only symbols that trade against it are screened; what money is counted in",
    "universe_quote_assets": "several quote assets, separated by commas, instead of that one",
    "universe_include": "symbols taken whatever their volume, age and kind, as long as they trade; separated by commas",
    "universe_exclude": "symbols never taken, or patterns such as `1000*` and `*DOWNUSDT`; separated by commas",
    "universe_min_quote_volume": "least volume of 24 hours, in the quote asset",
    "universe_min_age_days": "least days since a symbol was listed",
    "universe_statuses": "statuses that a symbol may have, as the exchange names them",
    "universe_leveraged": "take leveraged tokens too, as `BTCUPUSDT`",
    "universe_stable": "take pairs of money and coins pegged to it too, as `USDCUSDT`",
    "universe_limit": "so many of the most traded symbols, besides those included first; 0: those included only",
    "streams_per_connection": "symbols that share a connection of streams",
    "history": "folder within `history/` where candles are kept; not set: the venue's name for Binance, else none",
    "candles_held": "candles of each interval kept in memory",
    "database_url": "a Postgres to use instead of the embedded one",
    "worker_url": "where the worker answers the API; `screener up` chooses a free port",
    "worker_token": "shared by worker and API; must be set on both when they are started one by one",
    "worker_name": "what a worker's claims are kept under; a stable name lets the next life take them over at once",
    "model": "the model that writes filters and analyses signals, as litellm names it; none: the offline ones",
    "model_fast": "a cheaper model for the operations that are content with it; none: the standard one serves",
    "model_fallbacks": "models asked in this order when the first fails, separated by commas",
    "model_operations": "models and limits of single operations, see [below](#models-and-what-they-cost)",
    "model_timeout": "seconds that one model may take for one request, retries included; each fall-back has as many",
    "model_concurrency": "calls of one model that a worker has under way at the same time",
    "model_prices": "`model=in/out, …`: US dollars for a million tokens, before litellm's own list",
    "model_cache_hours": "how long the answer to the same question is given again; 0: it is asked anew each time",
    "spend_per_user_day": "US dollars that one user's model calls may cost in a day (UTC); none: no cap",
    "spend_per_strategy_day": "the same for one strategy",
    "spend_per_day": "the same for all calls",
    "decisions_per_position_day": (
        "times in a day (UTC) that a model decides on one open position; after that the rules do, and say so"
    ),
    "paper_capital": "what the paper account starts with, in the quote asset",
    "risk_per_trade": "share of the account's worth that a position loses at its stop",
    "max_daily_loss": "share of the starting capital; after that much realised loss in a market day nothing is entered",
    "max_positions": "positions open at once",
    "fee_bps": "fee of each side, in hundredths of a percent",
    "slippage_bps": "slippage of each fill, in hundredths of a percent; half a spread of 1 is added",
    "max_cost_per_strategy": "nodes that one filter may compute at each step; the language itself stops at 400",
    "max_cost_per_user": "nodes that one person's enabled strategies may compute together; what they share counts once",
    "log_level": "`debug`, `info`, `warning` or `error`",
}
"""What each setting means; every field of `Settings` has its line."""


def settings_table() -> str:
    """The settings as a Markdown table: variable, default, meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        variable = str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"SCREENER_{name.upper()}"
        default = field.default
        shown = "" if default is None or default == "" else f"`{default}`"
        secret = SecretStr in getattr(field.annotation, "__args__", ()) and get_origin(field.annotation) is not None
        rows.append((f"`{variable}`", shown, MEANINGS[name] + (" (secret)" if secret else "")))
    return _table(("variable", "default", "meaning"), rows)


def indicators_table() -> str:
    """Every indicator: how it is written, its outputs, how far back it looks, its meaning."""
    rows = [(f"`{i.signature}`", _outputs(i), _reach(i), i.meaning) for i in _group("indicator")]
    return _table(("indicator", "outputs", "reach", "meaning"), rows)


def formulas_text() -> str:
    """Every indicator's formula, in the language itself."""
    blocks = [f"# {i.signature}: {i.meaning}\n{i.formula}" for i in _group("indicator")]
    return "```text\n" + "\n\n".join(blocks) + "\n```"


def functions_table() -> str:
    """Every function: how it is written, its formula where it has one, what it means."""
    rows = []
    for info in _group("function"):
        formula = "<br>".join(f"`{line}`" for line in info.formula.splitlines())
        rows.append((f"`{info.signature}`", _reach(info), info.meaning, formula))
    return _table(("function", "reach", "meaning", "formula"), rows)


def patterns_table() -> str:
    """Every candlestick pattern, its sides and what it looks like."""
    rows = [(f"`{i.signature}`", _outputs(i), _reach(i), i.meaning) for i in _group("pattern")]
    return _table(("pattern", "sides", "reach", "meaning"), rows)


def trade_table() -> str:
    """What is known of the open trade."""
    return _table(("value", "meaning"), [(f"`{i.signature}`", i.meaning) for i in _group("trade")])


def external_table() -> str:
    """The indicators on the slow path."""
    rows = [(f"`{i.signature}`", _outputs(i), _reach(i), i.meaning) for i in _group("external")]
    return _table(("indicator", "outputs", "reach", "meaning"), rows)


def refused_table() -> str:
    """Names of the library that no filter may use, and why."""
    rows = [(f"`{e.name}`", e.remark) for e in external_catalogue() if not e.usable]
    return _table(("name", "why not"), rows)


def _group(group: str) -> list[IndicatorInfo]:
    return [info for info in catalogue() if info.group == group]


def _outputs(info: IndicatorInfo) -> str:
    return " ".join(f"`.{name}`" for name in info.outputs)


def _reach(info: IndicatorInfo) -> str:
    """`19`, `192 fading`, or `all` where the value depends on the first candle held."""
    if info.kind == "path" or info.reach is None:
        return "all"
    return f"{info.reach} fading" if info.kind == "fading" else str(info.reach)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


PARTS: Final[dict[str, tuple[str, Callable[[], str]]]] = {
    "indicators": ("language.md", indicators_table),
    "formulas": ("language.md", formulas_text),
    "functions": ("language.md", functions_table),
    "patterns": ("language.md", patterns_table),
    "trade": ("language.md", trade_table),
    "external": ("language.md", external_table),
    "refused": ("language.md", refused_table),
    "settings": ("operator.md", settings_table),
}
"""Generated parts by name: the file in `docs/` and what writes them."""


def filled(text: str, name: str, part: str) -> str:
    """`text` with `part` between the markers of `name`. Raises ValueError where the markers are missing."""
    begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
    pattern = re.compile(re.escape(begin) + r".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"there is no {begin} … {end}")
    return pattern.sub(lambda _: f"{begin}\n{part}\n{end}", text, count=1)


def generated(folder: Path) -> dict[Path, str]:
    """Each file of `folder` that has generated parts, and the text it should have.

    Raises OSError where a file is missing, ValueError where it lacks its markers.
    """
    texts: dict[Path, str] = {}
    for name, (file, write) in PARTS.items():
        path = folder / file
        text = texts.get(path)
        texts[path] = filled(path.read_text(encoding="utf-8") if text is None else text, name, write())
    return texts


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail where a file is out of date.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("docs"), show_default=True)
def docs(check: bool, folder: Path) -> None:
    """Write the generated parts of the documentation: the words of the language, settings."""
    try:
        texts = generated(folder)
    except OSError as error:
        fail(f"cannot read {error.filename}: run this where the source is checked out", code=FAILURE)
    except ValueError as error:
        fail(f"{folder}: {error}", code=FAILURE)
    stale = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
    if check and stale:
        fail("out of date: " + ", ".join(map(str, stale)) + "; run `make docs`", code=FAILURE)
    for path in stale:
        path.write_text(texts[path], encoding="utf-8")
        click.echo(f"wrote {path}")
