"""The names by which people call what the language has: to find them in a sentence, and to excuse what stands for them.

A row of `_NAMED` says which words of the language (any one of them) must be in a graph when its phrase is in the
sentence. Rows of `_LOOSE` name nothing exactly ("trend", "volatility"): they only excuse an indicator as not invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from llm.checks.pieces import words
from screener import catalogue
from screener.language.expressions import DERIVED

_NAMED: Final = """
rsi stochrsi | rsi; relative strength index
stochrsi | stochastic rsi; stoch rsi; stochrsi
macd | macd; moving average convergence divergence
signal stoch stochrsi trix | signal line; singal line
hist macd | histogram
bbands squeeze zscore | bollinger bands; bollinger band; bollinger; bollingers; bbands; bb; bbs
bbands squeeze zscore keltner donchian | upper band; lower band
keltner squeeze | keltner channels; keltner channel; keltner; kc
donchian highest lowest | donchian channel; donchian channels; donchian
ema | ema; emas; exponential moving average; exponential average; exponential ma
sma | sma; smas; simple moving average; simple ma
wma | wma; weighted moving average; linear weighted moving average
hma | hma; hull moving average; hull ma; hull
dema | dema; double exponential moving average
tema | tema; triple exponential moving average
kama | kama; kaufman; kaufman's adaptive moving average
vwma | vwma; volume weighted moving average; volume-weighted moving average
rma | rma; smma; smoothed moving average; wilder's average; wilder average
atr natr keltner supertrend | atr; average true range
natr | natr; normalized atr; normalised atr
true_range | true range
adx | adx; average directional index; +di; -di; di+; di-; plus di; minus di; directional movement; dmi
stoch stochf kdj | stochastic; stochastics; stoch; stochastic oscillator
stoch stochf kdj stochrsi | %k; %d
cci | cci; commodity channel index
mfi | mfi; money flow index
cmf | cmf; chaikin money flow; chaikin's money flow
obv aobv | obv; on balance volume; on-balance volume
ad | accumulation distribution; accumulation/distribution; a/d line
adosc | chaikin oscillator; chaikin's oscillator
vwap | vwap; volume weighted average price; volume-weighted average price
supertrend | supertrend; super trend
psar | psar; parabolic sar; parabolic; sar
ichimoku | ichimoku; kumo; senkou; span a; span b; cloud
ichimoku donchian | tenkan; tenkan-sen; kijun; kijun-sen; conversion line; base line
roc pct_change | roc; rate of change
mom change | momentum indicator; mom
willr | williams %r; williams r; williams; %r; willr; williams percent range
aroon | aroon
trix | trix
ao | awesome oscillator; ao
uo | ultimate oscillator; uo
tsi | tsi; true strength index
ppo | ppo; percentage price oscillator
cmo | cmo; chande momentum oscillator; chande
chop | choppiness index; choppiness; chop index; choppy index
chop adx | chop; choppy
vortex | vortex
linreg slope | linear regression; linreg; regression
zscore bbands stdev | z-score; zscore; z score; standard deviations; standard deviation; sigma; stdev
squeeze bbands | squeeze; ttm squeeze; squeezed
ha | heikin ashi; heikin-ashi; heiken ashi; heikinashi
fisher | fisher transform; fisher
kst | kst; know sure thing
coppock | coppock
t3 | t3
alma | alma; arnaud legoux
zlma | zlma; zlema; zero lag
qqe | qqe
stc | stc; schaff
smi | smi
percentrank | percentile rank; percent rank; percentrank
market_percentile percentrank rank | percentile
breadth | breadth; of all symbols; of all coins; of the market is; of the market are
bullish_divergence bearish_divergence | divergence; divergences; diverges; diverging
volume quote_volume volume_ratio buy_volume sell_volume obv | volume; vol; volumes; volumne
quote_volume | quote volume; dollar volume; turnover; usdt volume
trades | number of trades; trade count
buy_volume volume_delta sell_volume | taker; buy volume; sell volume; volume delta; delta volume; order flow
rank market_percentile | gainers; losers; gainer; loser; top 10; top 20; top 5; ranked
sma ema wma rma hma kama | golden cross; death cross; moving average; moving averages
session hour minute | session; new york time; london time
weekday | weekend; weekends; weekday; weekdays; monday; tuesday; wednesday; thursday; friday; saturday; sunday
cdl.engulfing | engulfing; engulfs
cdl.hammer | hammer; hammers
cdl.doji cdl.dragonfly_doji cdl.gravestone_doji cdl.long_legged_doji cdl.doji_star | doji; dojis
open | green candle; green candles; red candle; red candles; bullish candle; bearish candle; candle is red; candle is \
green; green bar; red bar; green bars; red bars
high highest donchian | highest high; new high; higher highs; -bar high; -candle high
low lowest donchian | lowest low; new low; lower lows; higher lows; -bar low; -candle low
""".replace("\\\n", "")

_LOOSE: Final = """
sma ema wma rma volume_ratio kama | average; averages; mean; avg; normal; usual; ma; mas; typical; norm; heavy; huge; \
big; strong; busy; quiet; spike; spikes; surge; surges; loud; unusual; thin; volume; vol; vols; volly; \
media; moyenne; durchschnitt; 均; \
средн
sma ema adx supertrend slope linreg psar | trend; trending; trends; uptrend; downtrend; tendencia; tendance
atr natr stdev bbands true_range | volatility; volatile; range; ranges; stop; move; moves; quiet; calm; tight; narrow; \
fat; big; large; long; small; tiny; body; bodies; candle; wick
rsi stoch mfi willr cci stochrsi | oversold; overbought; washed out; exhausted; stretched
rsi macd roc mom ao ppo tsi squeeze | momentum
zscore stdev bbands | deviation; deviations; sigma; band; bands; stretched; sd
bbands keltner squeeze | squeeze; coil; coiling; compression; contraction; channel; bands
donchian | breakout; high; low; channel; range; highs; lows
supertrend | st
vortex | vi
roc mom pct_change | change; gain; gains; up; down; percent; gained; rose; rises; fell; falls; dropped; drops; moved; \
outpaced; outpaces; beat; beats; outperformed; outperforms; stronger; weaker; faster; performance
true_range atr | range
""".replace("\\\n", "")


_USUAL: Final = """
20 30 70 80 | oversold; overbought; over; washed; exhausted; stretched
50 200 | golden; death; trend; uptrend; downtrend
20 25 | trend; trending; trendless; strong; strength; weak; choppy; chop; sideways; ranging
20 | volume; vol; volumes; volumne; average; avg; averge; normal; usual; mean; breakout; breaks; high; low
1.5 2 3 | volume; vol; huge; heavy; big; strong; spike; spikes; surge; fat; large; long; body; high; 倍
0.1 0.9 | tenth; decile
0.2 0.8 | fifth; quintile
0.25 0.75 | quarter; quartile
0.5 | half; most; majority; fat; body; middle; mid
5 6 | weekend; weekends; weekday; weekdays; saturday; sunday; friday
0 1 2 3 4 | monday; mondays; tuesday; wednesday; thursday; friday; weekday; weekdays
3 5 | recently; recent; lately; just; now; again; after; few; several
24 | day; today
"""


@cache
def usual() -> tuple[tuple[str, frozenset[float]], ...]:
    """Words, each with the numbers that it stands for by convention."""
    return tuple((word, frozenset(float(n) for n in names)) for word, names in _rows(_USUAL))


@cache
def named() -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
    """Phrases, as their words, each with the names of which one must be in the graph; longest first."""
    rows = dict(_rows(_NAMED))
    for info in catalogue():
        if info.group == "pattern":
            phrase = info.name.replace("_", " ")
            rows.setdefault(phrase, frozenset({f"cdl.{info.name}"}))
        elif info.group == "indicator":
            rows.setdefault(info.name.replace("_", " "), frozenset({info.name}))
    found = {_split(phrase): names for phrase, names in rows.items()}
    return tuple(sorted(found.items(), key=lambda row: -len(row[0])))


def named_at(said: Sequence[str], place: int) -> tuple[tuple[str, ...], frozenset[str]]:
    """The longest phrase of `named` that begins at a place of the words `said`, with its names; nothing where there is
    none."""
    for phrase, names in _by_first_word().get(said[place], ()):
        if tuple(said[place : place + len(phrase)]) == phrase:
            return phrase, names
    return (), frozenset()


@cache
def _by_first_word() -> dict[str, list[tuple[tuple[str, ...], frozenset[str]]]]:
    found: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
    for row in named():
        found.setdefault(row[0][0], []).append(row)
    return found


@cache
def numbered() -> tuple[str, ...]:
    """Words of the language that have a number in them, such as "hl2"."""
    return tuple(
        name for name in (*DERIVED, *(info.name for info in catalogue())) if not name.isalpha() and name.isalnum()
    )


@cache
def loose() -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
    """Words that excuse an indicator without naming it."""
    found = list(_rows(_LOOSE))
    found += [(info.name.replace("_", " "), frozenset({info.name})) for info in catalogue() if info.group == "external"]
    return tuple((_split(phrase), names) for phrase, names in found)


def _split(phrase: str) -> tuple[str, ...]:
    """A phrase as the words that a sentence with it has."""
    return tuple(piece.text for piece in words(phrase))


def _rows(table: str) -> list[tuple[str, frozenset[str]]]:
    found = []
    for row in table.strip().splitlines():
        names, _, phrases = row.partition(" | ")
        found += [(phrase.strip(), frozenset(names.split())) for phrase in phrases.split(";")]
    return found
