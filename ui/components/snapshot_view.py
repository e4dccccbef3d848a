"""What an analysis could cite, as markup and lines of the chart: indicators, levels, the market around."""

from collections.abc import Iterable

from api.schemas import ContextOut, LevelOut, SnapshotOut
from ui.components import text
from ui.components.chart import Level
from ui.components.signal_parts import OPERATORS

LAYERS = {"plan": "Plan", "structure": "Supports, resistances", "reference": "Computed"}
"""What may be drawn on the chart; the plan is entry, stop and targets."""
SIDE_DRAWN = 4
REFERENCE_DRAWN = 6
"""Only the nearest levels are drawn: their labels would cover the candles."""


def lines(snapshot: SnapshotOut, layers: Iterable[str]) -> list[Level]:
    """Levels of the snapshot as lines: structural ones solid, of the computed ones the nearest, dotted."""
    wanted = set(layers)
    found: list[Level] = []
    if "structure" in wanted:
        found += [Level("support", level.source, level.price) for level in snapshot.supports[:SIDE_DRAWN]]
        found += [Level("resistance", level.source, level.price) for level in snapshot.resistances[:SIDE_DRAWN]]
    if "reference" in wanted:
        near = sorted(snapshot.reference, key=lambda level: abs(level.price - snapshot.price))[:REFERENCE_DRAWN]
        found += [Level("reference", level.source, level.price) for level in near]
    return found


def indicators(snapshot: SnapshotOut) -> str:
    """The indicator table: a row an indicator, a column an interval."""
    intervals = list(dict.fromkeys([snapshot.interval, *(row.interval for row in snapshot.table)]))
    values = {(row.name, row.interval): row for row in snapshot.table}
    names = list(dict.fromkeys(row.name for row in snapshot.table))
    head = (
        '<div class="row nw"><h2>Indicators</h2><span class="sp cap">on the newest closed candles, as filters write '
        "them</span></div>"
    )
    if not names:
        return f'{head}<p class="mut" style="padding-top:6px">None were stored with this analysis.</p>'
    columns = "".join(f'<th class="n">{text.esc(interval)}</th>' for interval in intervals)
    lines_ = []
    for name in names:
        cells = ""
        for interval in intervals:
            row = values.get((name, interval))
            shown = (
                "·" if row is None else text.price(row.value, snapshot.price) if row.price else text.plain(row.value)
            )
            cells += f'<td class="n">{shown}</td>'
        lines_.append(f'<tr><td><code class="filter">{text.esc(name)}</code></td>{cells}</tr>')
    return (
        f'{head}<table class="kv tight"><thead><tr><th><span class="hid">Indicator</span></th>{columns}</tr></thead>'
        f"<tbody>{''.join(lines_)}</tbody></table>"
    )


def levels(snapshot: SnapshotOut) -> str:
    """Levels about the price, highest first: those the market left, then the computed ones."""
    structural = [*reversed(snapshot.resistances), None, *snapshot.supports]
    body = "".join(_price_row(snapshot) if level is None else _level(level, snapshot) for level in structural)
    computed = "".join(_level(level, snapshot) for level in sorted(snapshot.reference, key=lambda x: -x.price))
    more = ""
    if computed:
        more = (
            '<details style="padding-top:6px"><summary class="mut">'
            f"{len(snapshot.reference)} computed: Fibonacci, Camarilla, bands, round numbers</summary>"
            f'<table class="kv tight">{computed}</table></details>'
        )
    return (
        '<div class="row nw"><h2>Levels</h2><span class="sp cap">distance in ATR, touches</span></div>'
        f'<table class="kv tight">{body}</table>{more}'
    )


def _price_row(snapshot: SnapshotOut) -> str:
    return (
        f'<tr class="on"><td><b>Price</b></td><td class="n"><b>{text.price(snapshot.price)}</b></td>'
        '<td class="n"></td><td class="n"></td></tr>'
    )


def _level(level: LevelOut, snapshot: SnapshotOut) -> str:
    away = text.signed((level.price - snapshot.price) / snapshot.atr, 1) if snapshot.atr else ""
    touches = f"{level.touches}×" if level.touches > 1 else ""
    return (
        f'<tr><td>{text.esc(level.source)}</td><td class="n">{text.price(level.price, snapshot.price)}</td>'
        f'<td class="n mut">{away}</td><td class="n mut" style="width:30px">{touches}</td></tr>'
    )


def market(snapshot: SnapshotOut) -> str:
    """The market around the symbol, its own trend, and the filter's values."""
    rows = [("Trend", f"{snapshot.trend}, {snapshot.interval}")]
    if snapshot.atr:
        rows.append(("ATR", f"{text.price(snapshot.atr, snapshot.price)}, {snapshot.atr / snapshot.price * 100:.2f} %"))
    for label, price in (("Filter's stop", snapshot.stop), ("Filter's target", snapshot.target)):
        if price is not None:
            rows.append((label, text.price(price, snapshot.price)))
    if snapshot.context:
        rows += _context(snapshot.context)
    body = "".join(f'<tr><td class="mut">{text.esc(k)}</td><td class="n">{text.esc(v)}</td></tr>' for k, v in rows)
    return f'<h2>Market around it</h2><table class="kv tight">{body}</table>{_conditions(snapshot)}'


def _context(context: ContextOut) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    if context.leader:
        change = f", {text.signed(context.leader_change)} % in 20" if context.leader_change is not None else ""
        rows.append((f"Leader {context.leader}", f"{context.leader_trend}{change}"))
    if context.breadth is not None:
        rows.append(("Above their mean of 50", f"{context.breadth:.0f} % of {context.breadth_of}"))
    rank = f", above {context.volatility_rank:.0f} % of 200" if context.volatility_rank is not None else ""
    rows.append(("Volatility", f"{context.volatility}{rank}"))
    if context.spread_bps is not None:
        rows.append(("Spread, estimated", f"{text.number(context.spread_bps, 1)} bps"))
    if context.quote_volume_24h is not None:
        rows.append(("Volume, 24 h", f"{text.plain(context.quote_volume_24h)} USDT"))
    return rows


def _conditions(snapshot: SnapshotOut) -> str:
    if not snapshot.conditions:
        return ""
    lines_ = []
    for row in snapshot.conditions:
        left = text.plain(row.left) if row.left is not None else ""
        right = f" {OPERATORS.get(row.op or '', '')} {text.plain(row.right)}" if row.right is not None else ""
        lines_.append(
            f'<tr><td title="{text.esc(row.text)}">{text.esc(row.reading or row.name or row.text)}</td>'
            f'<td class="n">{left}<span class="mut">{text.esc(right)}</span></td></tr>'
        )
    return f'<h3 style="padding-top:10px">Filter\'s conditions</h3><table class="kv tight">{"".join(lines_)}</table>'
