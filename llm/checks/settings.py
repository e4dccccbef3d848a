"""The settings of indicators that sentences leave out, with those that are in use."""

from __future__ import annotations

from typing import Final

Values = tuple[float | str, ...]

SETTINGS: Final[dict[str, tuple[str, tuple[tuple[Values, str], ...]]]] = {
    "rsi": ("RSI", (((7,), "faster"), ((14,), "usual"), ((21,), "slower"))),
    "adx": ("ADX", (((7,), "faster"), ((14,), "usual"), ((21,), "slower"))),
    "atr": ("ATR", (((7,), "faster"), ((14,), "usual"), ((21,), "slower"))),
    "natr": ("ATR", (((7,), "faster"), ((14,), "usual"), ((21,), "slower"))),
    "mfi": ("MFI", (((7,), "faster"), ((14,), "usual"), ((21,), "slower"))),
    "willr": ("Williams %R", (((7,), "faster"), ((14,), "usual"), ((28,), "slower"))),
    "cci": ("CCI", (((14,), "faster"), ((20,), "usual"), ((50,), "slower"))),
    "cmf": ("Chaikin money flow", (((10,), "faster"), ((20,), "usual"), ((50,), "slower"))),
    "aroon": ("Aroon", (((14,), "usual"), ((25,), "slower"))),
    "roc": ("the rate of change", (((5,), "faster"), ((10,), "usual"), ((20,), "slower"))),
    "mom": ("momentum", (((5,), "faster"), ((10,), "usual"), ((20,), "slower"))),
    "chop": ("the choppiness index", (((7,), "faster"), ((14,), "usual"), ((28,), "slower"))),
    "vortex": ("the vortex", (((7,), "faster"), ((14,), "usual"), ((28,), "slower"))),
    "trix": ("TRIX", (((9,), "faster"), ((15,), "in between"), ((18,), "usual"))),
    "macd": ("MACD", (((8, 17, 9), "faster"), ((12, 26, 9), "usual"), ((19, 39, 9), "slower"))),
    "ppo": ("PPO", (((8, 17, 9), "faster"), ((12, 26, 9), "usual"), ((19, 39, 9), "slower"))),
    "bbands": ("the Bollinger bands", (((10, 1.5), "tighter"), ((20, 2), "usual"), ((50, 2.5), "wider"))),
    "keltner": ("the Keltner channel", (((20, 1.5), "tighter"), ((20, 2), "usual"), ((20, 2.5), "wider"))),
    "donchian": ("the Donchian channel", (((10,), "shorter"), ((20,), "usual"), ((55,), "longer"))),
    "stoch": ("the stochastic", (((5, 3, 3), "faster"), ((14, 3, 3), "usual"), ((21, 7, 7), "slower"))),
    "stochrsi": (
        "the stochastic RSI",
        (((7, 7, 3, 3), "faster"), ((14, 14, 3, 3), "usual"), ((21, 21, 3, 3), "slower")),
    ),
    "supertrend": ("the Supertrend", (((7, 3), "faster"), ((10, 3), "usual"), ((10, 2), "closer"))),
    "psar": ("the parabolic SAR", (((0.01, 0.1), "slower"), ((0.02, 0.2), "usual"), ((0.03, 0.3), "faster"))),
    "ichimoku": ("Ichimoku", (((9, 26, 52), "usual"), ((20, 60, 120), "for markets without weekends"))),
    "vwap": ("VWAP", ((("1d",), "of the UTC day"), (("1w",), "of the week"), (("1M",), "of the month"))),
    "squeeze": ("the squeeze", (((20, 2, 20, 1), "tighter"), ((20, 2, 20, 1.5), "usual"), ((20, 2, 20, 2), "looser"))),
    "zscore": ("the z-score", (((20,), "usual"), ((50,), "slower"), ((100,), "slow"))),
    "ema": ("the EMA", (((20,), "short"), ((50,), "medium"), ((200,), "long"))),
    "sma": ("the SMA", (((20,), "short"), ((50,), "medium"), ((200,), "long"))),
}
"""By indicator: what it is called, and sets of its numbers, with a word each."""

VOLUME_LENGTHS: Final = (10, 20, 50)
VOLUME_TIMES: Final = (1.5, 2, 3)
LOWER_LEVELS: Final[dict[str, tuple[float, ...]]] = {
    "rsi": (20, 25, 30, 35), "stoch": (10, 20, 30), "stochrsi": (10, 20, 30), "mfi": (10, 20, 30),
    "willr": (-90, -80, -70), "cci": (-200, -150, -100),
}  # fmt: skip
UPPER_LEVELS: Final[dict[str, tuple[float, ...]]] = {
    "rsi": (65, 70, 75, 80), "stoch": (70, 80, 90), "stochrsi": (70, 80, 90), "mfi": (70, 80, 90),
    "willr": (-30, -20, -10), "cci": (100, 150, 200),
}  # fmt: skip
AVERAGES: Final = ("sma", "ema", "wma")
INTERVALS_ASKED: Final = ("5m", "15m", "1h", "4h", "1d")
