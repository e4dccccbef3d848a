"""The candle chart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from api.schemas import CandleOut
from ui.components import text
from ui.components.loader import mount, theme

_HTML = """<div class="ss"><span class="probe" hidden></span><div class="holder" role="img"></div>
<div class="attribution">Charts by <a href="https://www.tradingview.com/" target="_blank" rel="noopener">
TradingView</a></div></div>"""
_CSS = """.ss{position:relative}.holder{width:100%;overflow:hidden}
.attribution{position:absolute;left:6px;top:4px;z-index:3;font-size:11px;color:var(--faint)}
.attribution a{color:inherit}"""


Tone = Literal["up", "down", "acc", "mut"]
Shape = Literal["arrowUp", "arrowDown", "circle", "square"]


@dataclass(frozen=True)
class Marker:
    """A mark at the candle that opens at `time` (seconds). `tone` is up, down, acc or mut."""

    time: int
    tone: Tone
    above: bool = False
    text: str = ""
    shape: Shape = "arrowUp"


@dataclass(frozen=True)
class Level:
    """A horizontal line with a label on the price scale.

    Entry, stop and targets are always in view; supports, resistances and computed (`reference`) levels where they are.
    """

    kind: Literal["entry", "stop", "target", "support", "resistance", "reference"]
    title: str
    price: float
    dashed: bool = False


def draw(
    key: str,
    label: str,
    candles: Sequence[CandleOut],
    *,
    markers: Sequence[Marker] = (),
    levels: Sequence[Level] = (),
    zone_from: int | None = None,
    ema: int = 0,
    bars: int = 0,
    height: int = 262,
) -> None:
    """Draw candles, oldest first. `bars` is how many of the newest are in view at first, 0 for all."""
    held = {candle.time for candle in candles}
    shown = [marker for marker in sorted(markers, key=lambda m: m.time) if marker.time in held]
    data: dict[str, Any] = {
        "candles": [candle.model_dump(mode="json") for candle in candles],
        "markers": [vars(marker) for marker in shown],
        "levels": [vars(level) for level in levels],
        "from": zone_from if zone_from in held else None,
        "ema": ema,
        "bars": bars,
        "decimals": text.price_decimals(candles[-1].close) if candles else 2,
        "label": label,
        "height": height,
        "theme": theme(),
    }
    _component()(data=data, key=key, height=height)


def _component() -> Any:
    return mount("chart", _HTML, _CSS)
