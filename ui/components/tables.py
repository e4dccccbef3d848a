"""The signal table, the lists of strategies and positions and the code editor: real elements with served scripts."""

from collections.abc import Callable, Sequence
from typing import Any

from ui.components.loader import mount, theme

Row = dict[str, Any]

_SIGNALS = """<div class="ss df"><table><colgroup><col style="width:30px"><col style="width:96px">
<col class="m">
<col style="width:60px"><col class="m" style="width:66px"><col style="width:100px">
<col class="m" style="width:44px">
<col style="width:86px"></colgroup><thead><tr><th></th><th>Symbol</th><th class="m">Strategy</th>
<th class="n">Age</th>
<th class="n m">Since</th><th>Decision</th><th class="n m">Conf.</th><th class="n">R now</th></tr></thead>
<tbody></tbody></table></div>"""
_TABLE_CSS = """.df{border:1px solid var(--grid);border-radius:8px;overflow:hidden}
.df table{border-collapse:separate;border-spacing:0;table-layout:fixed}
.df th{height:31px;background:var(--surf);color:var(--mut);font-weight:400;text-align:left;padding:0 7px;
border-right:1px solid var(--grid);border-bottom:1px solid var(--grid);white-space:nowrap}
.df th.n{text-align:right}.df td{height:30px;padding:0 7px;border-right:1px solid var(--grid);
border-bottom:1px solid var(--grid);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.df tr>*:last-child{border-right:0}.df tbody tr:last-child td{border-bottom:0}.df tbody tr{cursor:pointer}
.df tr.on td{background:var(--accsoft)}.df tr.dim td{color:var(--faint)}.pick{text-align:center}
.df input{appearance:none;width:13px;height:13px;margin:0;vertical-align:-2px;border:1px solid var(--faint);
border-radius:50%}.df input:checked{border:4px solid var(--acc)}.arrow{font-size:10px;color:var(--mut)}
.stale .n{opacity:.5}
@media (max-width:640px){.m{display:none!important}.df table{table-layout:auto}col{width:auto!important}
.df td{height:40px;padding:0 6px}}"""

_STRATEGIES = """<div class="ss df"><table><colgroup><col style="width:30px"><col>
<col class="m" style="width:92px"><col style="width:92px"><col style="width:52px"><col class="m" style="width:64px">
</colgroup><thead><tr><th></th><th>Strategy</th><th class="m">Candles</th><th>State</th>
<th class="n" title="signals since 00:00 UTC">Today</th><th class="n m" title="age of the newest signal">Last</th></tr>
</thead><tbody></tbody></table></div>"""
_STRATEGIES_CSS = """.df{max-height:min(70vh,640px);overflow:auto}.df thead th{position:sticky;top:0;z-index:1}
.df td{height:46px;padding-block:4px}.cut{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
@media (max-width:640px){.df{max-height:320px}.df table{table-layout:fixed}.df col{width:64px!important}
.df col:nth-child(1){width:30px!important}.df col:nth-child(2){width:auto!important}
.df col:nth-child(4){width:88px!important}}"""

_POSITIONS = """<div class="ss posw"><table class="kv"><colgroup><col style="width:150px">
<col style="width:82px">
<col style="width:84px"><col class="m" style="width:196px"><col class="m" style="width:132px"><col class="m">
<col style="width:132px"></colgroup><thead><tr><th>Position</th><th class="n">Entry, now</th><th class="n">
Profit, USDT</th>
<th class="lad m">Stop to target</th><th class="m">Protection</th><th class="m">Strategy</th><th></th></tr>
</thead>
<tbody></tbody></table></div>"""
_POSITIONS_CSS = """.posw{padding:2px 14px 4px;overflow-x:auto}.kv{table-layout:fixed;min-width:840px}
.lad{padding-left:14px!important}.ends{display:flex;justify-content:space-between;width:168px;margin-top:-3px}
.act{text-align:right!important}
.act button{margin:0 0 4px 4px}.stale .n{opacity:.5}
@media (max-width:640px){.m{display:none!important}.kv{min-width:0;table-layout:auto}
col{width:auto!important}}"""

_EDITOR = """<div class="ss cblk"><div class="view" aria-hidden="true"></div>
<textarea spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off"></textarea></div>"""
_EDITOR_CSS = """.cblk{position:relative;background:var(--surf);border-radius:8px;overflow:hidden;
min-height:132px}
.view,textarea{font:400 11.4px/19px "IBM Plex Mono",monospace;tab-size:4}
.view{position:absolute;inset:9px 10px 9px 10px;overflow:hidden;pointer-events:none;white-space:pre}
textarea{position:relative;display:block;width:100%;margin:0;padding:9px 10px 9px 30px;border:0;
background:none;
color:transparent;caret-color:var(--text);resize:none;white-space:pre;overflow:auto hidden;
outline-offset:-2px!important}
textarea::selection{background:var(--accsoft)}.line{height:19px}.ln{color:var(--faint);display:inline-block;width:20px}
.src{position:relative}.k{color:var(--acc)}.s{color:var(--up)}.f{color:var(--warn)}.c{color:var(--faint)}
.wave{position:absolute;bottom:-2px;height:3px;
background:repeating-linear-gradient(90deg,var(--down) 0 3px,transparent 3px 5px)}"""


def signal_table(rows: Sequence[Row], selected: str, stale: bool, on_select: Callable[[], None]) -> Any:
    """The signal table; the result's `selected` is a signal id."""
    data = {"rows": list(rows), "selected": selected, "stale": stale, "theme": theme()}
    component = mount("signals", _SIGNALS, _TABLE_CSS)
    return component(data=data, key="signal_table", on_selected_change=on_select)


def strategy_list(rows: Sequence[Row], selected: str, on_select: Callable[[], None]) -> Any:
    """The list of strategies; the result's `selected` is a strategy's id."""
    data = {"rows": list(rows), "selected": selected, "theme": theme()}
    component = mount("strategies", _STRATEGIES, _TABLE_CSS + _STRATEGIES_CSS)
    return component(data=data, key="strategy_list", on_selected_change=on_select)


def position_list(
    key: str,
    rows: Sequence[Row],
    selected: str,
    closed: bool,
    stale: bool,
    on_close: Callable[[], None],
    on_select: Callable[[], None],
) -> Any:
    """The position list; the result's `close` is the id of a position whose closing was confirmed, `selected` of the
    one whose reasons are asked for.
    """
    data = {"rows": list(rows), "selected": selected, "closed": closed, "stale": stale, "theme": theme()}
    component = mount("positions", _POSITIONS, _POSITIONS_CSS)
    return component(data=data, key=key, on_close_change=on_close, on_selected_change=on_select)


def code_editor(code: str, version: int, errors: Sequence[Row], on_change: Callable[[], None]) -> Any:
    """The code editor; the result's `code` is what was typed. A new `version` replaces the text."""
    data = {"code": code, "version": version, "errors": list(errors), "label": "Filter code"}
    component = mount("editor", _EDITOR, _EDITOR_CSS)
    return component(data=data, key="code_editor", on_code_change=on_change)
