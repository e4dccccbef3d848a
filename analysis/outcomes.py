"""What became of a plan: stop, target or time out, with the best and the worst on the way, for many plans at once.

1. `Plans` holds open plans as columns, one row each; `add` and `take` change which rows there are.
2. A plan is entered at the open of the first candle it takes, which nobody could better; where that is past its stop
   or its target already it ends as `invalid`, with the reason.
3. `Plans.step` takes one candle of every symbol and settles what it reached. A candle that reaches both stop and
   target counts as stopped: which came first is not known. A candle that opens beyond the stop settles at its open.
4. `Plans.pass_over` goes on where a candle never came; `Plans.unsaved` and `silent` say which to write down, or to give
   up.
5. Results are in R: the profit per unit after fees, from where it was entered, over the risk per unit as it was
   planned, from the plan's entry to its stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
State = Literal["stop", "target", "timeout", "invalid"]

PAST_STOP: Final = "its stop was passed before it could be entered"
PAST_TARGET: Final = "its target was passed before it could be entered"

_NUMBERS: Final = ("sign", "risk", "stop", "target", "filled", "best", "worst")
# `seen`: up to which candles were taken or passed over; `held`: the close of the last one taken; `saved`: of the last
# one that was told by `unsaved`.
_TIMES: Final = ("symbol", "until", "seen", "held", "saved")


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan to follow. Prices in quote currency; times ms UTC.

    It is open from `since`: a candle counts where it opens at or after that. `until` is when it times out, at the close
    of the first candle that ends then or later. It was made at `entry`; `filled` is where an earlier life entered.
    """

    key: str
    symbol: int
    side: Literal["long", "short"]
    entry: float
    stop: float
    target: float
    since: int
    until: int
    filled: float | None = None

    def problem(self) -> str | None:
        """Why the plan cannot be followed, None where it can: levels on their sides of the entry, all finite."""
        sign = 1 if self.side == "long" else -1
        prices = (self.entry, self.stop, self.target)
        if not all(np.isfinite(p) and p > 0 for p in prices):
            return "an entry, stop or target is not a price above zero"
        if (self.entry - self.stop) * sign <= 0:
            return "the stop is on the wrong side of the entry"
        if (self.target - self.entry) * sign <= 0:
            return "the target is on the wrong side of the entry"
        return None if self.until > self.since else "it ends before it begins"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a plan ended, or stands: `result_r`, `mfe_r` and `mae_r` in R (the worst as a number at or below zero), all
    zero where it was not entered. `filled` is where it was, NaN before that; `reason` says why one is invalid."""

    key: str
    state: State | Literal["open"]
    price: float
    result_r: float
    mfe_r: float
    mae_r: float
    closed_at: int
    filled: float
    reason: str | None = None


class Plans:
    """Open plans as columns. `fee_bps` of one side are taken off every result."""

    def __init__(self, fee_bps: float = 10.0) -> None:
        self._fee = fee_bps / 10_000
        self.keys: list[str] = []
        self._numbers: dict[str, Floats] = {name: np.empty(0) for name in _NUMBERS}
        self._times: dict[str, Ints] = {name: np.empty(0, dtype=np.int64) for name in _TIMES}

    def __len__(self) -> int:
        return len(self.keys)

    def add(self, plans: Sequence[Plan], best: Sequence[float] = (), worst: Sequence[float] = ()) -> None:
        """Follow plans from their `since` on; `best` and `worst` are the extremes an earlier life saw since it entered.

        Raises ValueError for a plan with a `problem`.
        """
        for plan in plans:
            if (why := plan.problem()) is not None:
                raise ValueError(f"{plan.key}: {why}")
        filled = [np.nan if p.filled is None else p.filled for p in plans]
        new: dict[str, list[float]] = {
            "sign": [1.0 if p.side == "long" else -1.0 for p in plans],
            "risk": [abs(p.entry - p.stop) for p in plans],
            "stop": [p.stop for p in plans],
            "target": [p.target for p in plans],
            "filled": filled,
            "best": list(best) or filled,
            "worst": list(worst) or filled,
        }
        since = [p.since for p in plans]
        times = {
            "symbol": [p.symbol for p in plans],
            "until": [p.until for p in plans],
            "seen": since,
            "held": since,
            "saved": since,
        }
        self.keys += [p.key for p in plans]
        for name, values in new.items():
            self._numbers[name] = np.concatenate([self._numbers[name], np.array(values, dtype=np.float64)])
        for name, moments in times.items():
            self._times[name] = np.concatenate([self._times[name], np.array(moments, dtype=np.int64)])

    def step(
        self,
        opened: int,
        closed: int,
        opens: Floats,
        highs: Floats,
        lows: Floats,
        closes: Floats,
        *,
        in_order: bool = False,
    ) -> list[Outcome]:
        """Settle what the candle from `opened` to `closed` (ms UTC) reached; prices by symbol `[symbols]`, NaN where a
        symbol has none. Settled plans leave; they come back as outcomes.

        A candle is taken once: one that opened before the plan's last is passed over. With `in_order` it is taken only
        by plans that have seen everything before it.
        """
        if not self.keys:
            return []
        n, t = self._numbers, self._times
        at = t["symbol"]
        sign, stop, target = n["sign"], n["stop"], n["target"]
        opening, high, low, last = opens[at], highs[at], lows[at], closes[at]
        turn = opened == t["seen"] if in_order else opened >= t["seen"]
        live = turn & np.isfinite(high) & np.isfinite(low) & np.isfinite(opening) & np.isfinite(last)
        fresh = live & np.isnan(n["filled"])
        for name in ("filled", "best", "worst"):
            n[name] = np.where(fresh, opening, n[name])
        past_stop, past_target = fresh & ((opening - stop) * sign <= 0), fresh & ((target - opening) * sign <= 0)
        missed = past_stop | past_target
        live &= ~missed
        long = sign > 0
        favourable, adverse = np.where(long, high, low), np.where(long, low, high)
        stopped = live & ((adverse - stop) * sign <= 0)
        reached = live & ~stopped & ((favourable - target) * sign >= 0)
        late = live & ~stopped & ~reached & (closed >= t["until"])
        # A gap through a level settles at the open: worse than the stop, better than the target never.
        at_stop = np.where((opening - stop) * sign <= 0, opening, stop)
        price = np.select([stopped, reached, late, missed], [at_stop, target, last, opening], default=np.nan)
        done = stopped | reached | late | missed
        # On the settling candle nothing is known of what came after the level: the extremes end there.
        top = np.where(reached, target, np.where(stopped, n["best"], favourable))
        bottom = np.where(stopped, at_stop, adverse)
        better, worse = live & ((top - n["best"]) * sign > 0), live & ((bottom - n["worst"]) * sign < 0)
        n["best"] = np.where(better, top, n["best"])
        n["worst"] = np.where(worse, bottom, n["worst"])
        t["seen"] = np.where(live | missed, closed, t["seen"])
        t["held"] = np.where(live | missed, closed, t["held"])
        rows = np.flatnonzero(done)
        if not len(rows):
            return []
        kinds: tuple[State, ...] = ("stop", "target", "invalid", "timeout")
        which = np.select([stopped[rows], reached[rows], missed[rows]], [0, 1, 2], default=3)
        found = self._outcomes(rows, [kinds[i] for i in which], price[rows], np.full(len(rows), closed))
        why = [None if not missed[i] else PAST_STOP if past_stop[i] else PAST_TARGET for i in rows]
        self._keep(~done)
        return [outcome if w is None else replace(outcome, reason=w) for outcome, w in zip(found, why, strict=True)]

    def behind(self) -> int | None:
        """Up to when the plan that lags most has seen its candles, ms UTC; None without plans."""
        return int(self._times["seen"].min()) if self.keys else None

    def pass_over(self, opened: int, closed: int) -> None:
        """Plans that still wait for the candle from `opened` to `closed` do without it."""
        seen = self._times["seen"]
        self._times["seen"] = np.where(seen == opened, closed, seen)

    def silent(self, before: int) -> list[str]:
        """Keys of plans that took no candle after `before`, ms UTC."""
        return [self.keys[i] for i in np.flatnonzero(self._times["held"] < before)]

    def unsaved(self, age_ms: int, limit: int) -> list[Outcome]:
        """At most `limit` open plans that took candles for `age_ms` or more since they were told here last, the longest
        ones first, as they stand: `closed_at` is the close of the last candle taken.
        """
        age = self._times["held"] - self._times["saved"]
        rows = np.flatnonzero((age >= age_ms) & (age > 0))
        if len(rows) > limit:
            rows = rows[np.argpartition(-age[rows], limit - 1)[:limit]]
        found = self._outcomes(rows, ["open"] * len(rows), self._numbers["filled"][rows], self._times["held"][rows])
        self._times["saved"][rows] = self._times["held"][rows]
        return found

    def standing(self, prices: Floats, now: int) -> list[Outcome]:
        """Every open plan as it stands at last prices by symbol (NaN: where it was entered), ms UTC."""
        price = prices[self._times["symbol"]]
        price = np.where(np.isfinite(price), price, self._numbers["filled"])
        rows = np.arange(len(self))
        return self._outcomes(rows, ["open"] * len(rows), price, np.full(len(rows), now))

    def drop(self, keys: set[str]) -> None:
        """Follow these no longer."""
        self._keep(np.array([key not in keys for key in self.keys], dtype=bool))

    def _outcomes(
        self, rows: NDArray[np.intp], states: Sequence[State | Literal["open"]], prices: Floats, at: Ints
    ) -> list[Outcome]:
        n = {name: values[rows] for name, values in self._numbers.items()}
        entered = np.isfinite(n["filled"]) & np.array([state != "invalid" for state in states], dtype=bool)
        fees = self._fee * (n["filled"] + prices)
        result = ((prices - n["filled"]) * n["sign"] - fees) / n["risk"]
        mfe = (n["best"] - n["filled"]) * n["sign"] / n["risk"]
        mae = (n["worst"] - n["filled"]) * n["sign"] / n["risk"]
        in_r = (np.where(entered, values, 0.0).tolist() for values in (result, mfe, mae))
        columns = zip(rows, states, prices.tolist(), *in_r, at.tolist(), n["filled"].tolist(), strict=True)
        return [Outcome(self.keys[row], state, *values) for row, state, *values in columns]

    def _keep(self, mask: NDArray[np.bool_]) -> None:
        self.keys = [key for key, kept in zip(self.keys, mask, strict=True) if kept]
        self._numbers = {name: values[mask] for name, values in self._numbers.items()}
        self._times = {name: values[mask] for name, values in self._times.items()}
