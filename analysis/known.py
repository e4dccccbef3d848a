"""What may be cited: the numbers of a snapshot, and the plan's own where the words say which of them is meant.

`Known.find` looks a number up with honest rounding: the stored number rounded to the decimals that were written, and
enough digits that it could be no other (`DIGITS`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from analysis.snapshot import Snapshot

DIGITS: Final = 4
"""A price is cited with at least so many significant digits, or in full."""
PRICE_LIKE: Final = 0.15
"""A number this near the price, as a fraction of it, is a price."""
REACH: Final = 20.0
"""And so is one within so many ATR of it."""

Unit = Literal["", "atr", "percent", "ratio", "bps", "thousand"]
Side = Literal["", "above", "below"]
Role = Literal["stop", "target", "entry"]
ROLES: Final[tuple[Role, ...]] = ("stop", "target", "entry")

_PERCENT: Final = ("ta.natr(", "ta.roc(", "leader change")
_PRICED: Final = frozenset({"price", *ROLES, "ema", "sma", "vwap", "bbands", "donchian"})
_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "breadth": ("breadth",),
    "spread": ("spread bps",),
    "volatility": ("volatility rank", "natr"),
    "atr": ("natr",),
}


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it was written: its value, its decimals, its significant digits."""

    text: str
    value: float
    decimals: int
    digits: int

    @classmethod
    def of(cls, value: float) -> Number:
        """A number that came as JSON. Infinite and absurd ones have no digits."""
        written = Decimal(repr(value)).normalize() if math.isfinite(value) else Decimal(0)
        exponent = written.as_tuple().exponent
        decimals = max(-exponent, 0) if isinstance(exponent, int) else 0
        digits = max(len(written.as_tuple().digits), len(f"{abs(value):.0f}".lstrip("0")))
        return cls(f"{value:g}", value, decimals, digits)

    @property
    def whole(self) -> bool:
        """Whether it was written without decimals."""
        return self.decimals == 0 and self.value == self.value

    def is_of(self, stored: float, scale: float = 1.0) -> bool:
        """Whether this is the stored number, over `scale`, rounded to the decimals that were written."""
        return abs(self.value - stored / scale) <= 0.5 * 10.0**-self.decimals + 1e-9 * abs(stored / scale)

    def is_all_of(self, stored: float) -> bool:
        """Whether the stored number has no more digits than these."""
        return abs(self.value - stored) <= 1e-9 * abs(stored)


@dataclass(frozen=True, slots=True)
class Cited:
    """A number that a text cites. `about` names the indicator, or the price of the plan, that it is said to be.

    `bound`: a comparison stands between the two, so the number may be a price too; with `threshold` it is what the
    indicator is said to be above or below, by `side`, and `firm` where that is said without an if. `roles` are the
    prices of the plan that the words allow. `priced`: the words speak of a price level. `loose`: a small whole number
    of which the words do not say what it is.
    """

    number: Number
    unit: Unit = ""
    about: str = ""
    period: int | None = None
    bound: bool = False
    threshold: bool = False
    side: Side = ""
    firm: bool = False
    roles: frozenset[Role] = frozenset()
    priced: bool = False
    loose: bool = False


class Known:
    """The numbers that may be cited: those of a snapshot, and the proposed plan's own, by what they are called. A price
    of the plan called stop, target or entry counts where the words call it that; any other counts everywhere.
    """

    def __init__(self, snapshot: Snapshot, plan: Mapping[str, float]) -> None:
        self.price = snapshot.price
        self.levels = snapshot.levels()
        self.prices = snapshot.prices()
        self.measures = snapshot.measures()
        self.plan = dict(plan)
        self._roles = {name: next((role for role in ROLES if role in name), None) for name in plan}
        reach = max(PRICE_LIKE * snapshot.price, REACH * (snapshot.atr or 0.0))
        self._low = min(self.price - reach, self.prices.get("lowest low", self.price))
        self._high = max(self.price + reach, self.prices.get("highest high", self.price))
        self.counts = _counts(snapshot)
        named = " ".join((*self.prices, *self.measures))
        self.periods = {int(n) for inside in re.findall(r"\(([^()]*)\)", named) for n in re.findall(r"\b\d+\b", inside)}

    def level(self, number: Number) -> str | None:
        """The support or resistance that this number is, by what it is called; None where it is none."""
        return _find(number, self.levels, price=True)

    def is_price(self, number: Number) -> bool:
        """Whether this is the price a trade would start from."""
        return _find(number, {"price": self.price}, price=True) is not None

    def any_price(self, number: Number, roles: Collection[Role] = ()) -> str | None:
        """Any price of the snapshot, or of the plan by these roles, that this number is; None where it is none."""
        return _find(number, self.prices | self._plan(roles), price=True)

    def find(self, cited: Cited) -> str | None:
        """What a cited number is called; None where it is unknown."""
        if cited.about:
            named = self.about(cited)
            found = _find(cited.number, named, price=cited.about in _PRICED)
            if found is not None or not (cited.bound or (cited.about in ROLES and not named)):
                return found
        where = self.any_price(cited.number, cited.roles)
        return where if where is not None or cited.priced else _find(cited.number, self.measures, price=False)

    def about(self, cited: Cited) -> dict[str, float]:
        """All that a number may be by what it is said to be of."""
        every = self.prices | self.plan | self.measures
        return {n: v for n, v in every.items() if _is_about(n, cited.about, cited.period)}

    def holds(self, cited: Cited) -> bool:
        """Whether an indicator is on that side of the number, on any interval."""
        sign = 1 if cited.side == "above" else -1
        values = (value for name, value in self.about(cited).items() if not name.endswith("(right)"))
        return any((value - cited.number.value) * sign > 0 for value in values)

    def is_percent(self, cited: Cited) -> bool:
        """Whether a number is a percentage of the snapshot, of either sign; of volume, its share of the mean."""
        number = cited.number
        stored = [v for n, v in self.measures.items() if n.startswith(_PERCENT)]
        if cited.about == "volume_ratio":
            ratios = [v for n, v in self.measures.items() if n.startswith("ta.volume_ratio")]
            stored = [100 * r for r in ratios] + [100 * (r - 1) for r in ratios]
        return any(number.is_of(v) or number.is_of(-v) for v in stored)

    def closest(self, value: float) -> float | None:
        """The stored number next to a value."""
        every = (*self.prices.values(), *self.plan.values(), *self.measures.values())
        return min(every, key=lambda n: abs(n - value), default=None)

    def distance(self, number: Number, scale: float) -> bool:
        """Whether a number is a distance between the price, or the plan's, and a known price, in units of `scale`."""
        if scale <= 0:
            return False
        return any(number.is_of(abs(p - self.price), scale) for p in (*self.prices.values(), *self.plan.values()))

    def near(self, value: float) -> bool:
        """Whether a number is as large as prices of this symbol are, or were on the candles shown."""
        return self._low <= value <= self._high

    def _plan(self, roles: Collection[Role]) -> dict[str, float]:
        return {
            name: price for name, price in self.plan.items() if (role := self._roles[name]) is None or role in roles
        }


def _counts(snapshot: Snapshot) -> dict[str, frozenset[int]]:
    """How many there are of what a text may count, by the noun's beginning."""
    levels = (*snapshot.supports, *snapshot.resistances)

    def up_to(count: int) -> frozenset[int]:
        return frozenset(range(1, count + 1))

    return {
        "touch": frozenset(level.touches for level in levels),
        "test": frozenset(level.touches for level in levels),
        "condition": up_to(len(snapshot.conditions)),
        "target": up_to(3),
        "symbol": frozenset({snapshot.context.breadth_of}),
        "swing": up_to(max(len(snapshot.swing_lows), len(snapshot.swing_highs))),
        "support": up_to(len(snapshot.supports)),
        "resistance": up_to(len(snapshot.resistances)),
        "level": up_to(len(levels)),
    }


def _find(number: Number, named: Mapping[str, float], *, price: bool) -> str | None:
    for name, stored in named.items():
        if not number.is_of(stored):
            continue
        enough = number.digits >= DIGITS if price else number.decimals > 0 or number.digits > 1
        if enough or number.is_all_of(stored):
            return name
    return None


def _is_about(name: str, family: str, period: int | None) -> bool:
    calls = re.findall(r"([a-z_]+)\(([^()]*)\)", name)
    if any(f == family and (period is None or str(period) in re.findall(r"\d+", inside)) for f, inside in calls):
        return True
    if family == "volume_ratio":
        return "volume" in name
    if family == "price":
        return name in ("price", "last close")
    if family == "entry":
        return name == "price" or family in name
    if family in ROLES:
        return family in name
    others = _ELSEWHERE.get(family, ())
    return name == family or any(name == other or name.startswith(f"ta.{other}(") for other in others)
