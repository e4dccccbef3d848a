"""What is wrong in a message or an answer: a candle with other values, text that no client should swallow.

`share` is a number in [0, 1) that decides how wrong, so that the same script goes wrong in the same way again.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

_EIGHT: Final = Decimal("0.00000001")
SHAPES: Final = ("broken", "unknown", "null", "zero")
_PRICES: Final = "ohlc"


def wrong_candle(payload: str, share: float) -> str:
    """A kline message whose high and close are too high and whose volume is too large."""
    message: Any = json.loads(payload)
    kline = message["k"]
    kline["h"], kline["c"], kline["v"] = _wrong(kline["h"], kline["v"], share)
    return json.dumps(message, separators=(",", ":"))


def wrong_row(row: list[Any], share: float) -> None:
    """The same for a REST kline, in place."""
    row[2], row[4], row[5] = _wrong(row[2], row[5], share)


def _wrong(high: str, volume: str, share: float) -> tuple[str, str, str]:
    higher = str((Decimal(high) * Decimal(1.01 + 0.02 * share)).quantize(_EIGHT))
    return higher, higher, str((Decimal(volume) * Decimal(1.5 + share) + 1).quantize(_EIGHT))


def malformed_message(payload: str, shape: str, share: float) -> str:
    """A stream message spoilt: `broken` is cut off, `unknown` is of an event that does not exist, `null` has nulls
    for values, `zero` has prices of zero. `any` is one of them.
    """
    shape = _shape(shape, share)
    if shape == "broken":
        return payload[: 1 + int(share * (len(payload) - 1))]
    if shape == "unknown":
        return '{"e":"somethingNew","E":1,"s":"BTCUSDT","x":{"y":[1,2,3]}}'
    message: Any = json.loads(payload)
    spoil = (lambda _: None) if shape == "null" else _zeroed
    for part in message if isinstance(message, list) else [message]:
        values = part.get("k", part)
        for name in _PRICES if "k" in part else ("p", "c", "b", "a"):
            if name in values:
                values[name] = spoil(values[name])
    return json.dumps(message, separators=(",", ":"))


def malformed_answer(body: str, shape: str, share: float) -> str:
    """The same for the body of a REST answer."""
    shape = _shape(shape, share)
    if shape == "broken":
        return body[: int(share * len(body))]
    if shape == "unknown":
        return "<html><body>The service is being upgraded</body></html>"
    spoil = (lambda _: None) if shape == "null" else _zeroed
    try:
        return json.dumps(_spoilt(json.loads(body), spoil), separators=(",", ":"))
    except json.JSONDecodeError:
        return ""


def _shape(shape: str, share: float) -> str:
    return SHAPES[int(share * len(SHAPES))] if shape == "any" else shape


def _zeroed(value: Any) -> Any:
    return "0.00000000" if isinstance(value, str) else value


def _spoilt(value: Any, spoil: Any) -> Any:
    """Every number written as text, spoilt: prices and quantities are; names and times are left."""
    if isinstance(value, list):
        return [_spoilt(one, spoil) for one in value]
    if isinstance(value, dict):
        return {name: _spoilt(one, spoil) for name, one in value.items()}
    if isinstance(value, str) and value[:1].isdigit() and "." in value:
        return spoil(value)
    return value
