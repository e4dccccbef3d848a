"""Every indicator the phrasebook can say: how it is written, called, measured, and read.

`_TABLE` has two sorts of lines.

1. A family: `@call | arguments | title | names | low high | bullish sides`. Arguments are the usual ones, after `x`
   where the indicator is taken of a series. `low high` are the levels of oversold and overbought. The bullish sides are
   two kinds, the first above the second (or above a number), for "turns bullish".
2. An output of the family above: `kind | code | noun | unit | words for the output | names of its own`. `{f}` in the
   code is the call. The first output is meant where the family is named alone, unless it begins with `-`: then the
   family is a band, an area between two lines, and the predicate says which line ("above the cloud").
"""

from __future__ import annotations

from dataclasses import dataclass, field

_TABLE = """
@rsi | x 14 | RSI | rsi; relative strength index; relative strength; rsi indicator | 30 70 |
rsi | {f} | RSI | rsi | |
@stochrsi | x 14 14 3 3 | Stochastic RSI | stochastic rsi; stoch rsi; stochrsi; srsi | 20 80 | stochrsi_k stochrsi_d
stochrsi_k | {f}.k | stochastic RSI %K | stochrsi | %k; k; k line; %k line; fast line |
stochrsi_d | {f}.d | stochastic RSI %D | stochrsi | %d; d; d line; %d line; signal; signal line; slow line |
@stoch | 14 3 3 | Stochastic | stochastic; stochastics; stoch; stochastic oscillator; slow stochastic; slow
    stochastics; slow stoch; full stochastic; stochs | 20 80 | stoch_k stoch_d
stoch_k | {f}.k | stochastic %K | stoch | %k; k; k line; %k line; fast line | %k; k line; %k line
stoch_d | {f}.d | stochastic %D | stoch | %d; d; d line; %d line; signal; signal line; slow line | %d; d line; %d
    line; its %d
@macd | x 12 26 9 | MACD | macd; moving average convergence divergence; mac d | | macd macd_signal
macd | {f}.macd | MACD | macd | line; macd line |
macd_signal | {f}.signal | MACD signal line | macd | signal; signal line; trigger line; signals | signal line; its
    signal; its signal line; signal
macd_hist | {f}.hist | MACD histogram | macd | histogram; hist; histo; histograms | histogram; macd hist
@ppo | x 12 26 9 | PPO | ppo; percentage price oscillator | | ppo ppo_signal
ppo | {f}.ppo | PPO | ppo | line |
ppo_signal | {f}.signal | PPO signal line | ppo | signal; signal line |
ppo_hist | {f}.hist | PPO histogram | ppo | histogram; hist |
@bbands | x 20 2 | Bollinger bands | bollinger bands; bollinger band; bollinger; bollingers; bb; bbs; bbands;
    bband; boll; bollinger channel; bands; bands of bollinger | |
-bb_upper | {f}.upper | upper Bollinger band | price | upper; top; upper band; top band; upper line | upper band;
    top band; bbu
bb_lower | {f}.lower | lower Bollinger band | price | lower; bottom; lower band; bottom band; lower line | lower
    band; bottom band; bbl
bb_middle | {f}.middle | middle Bollinger band | price | middle; mid; basis; middle band; mid band; midline;
    middle line; centre line; center line; mid line | middle band; mid band
bb_width | {f}.width | Bollinger band width | bb_width | width; bandwidth; band width | bandwidth; band width;
    bbw; bbwidth
bb_percent | {f}.percent | Bollinger %B | bb_percent | %b; percent b; percentage b | %b; percent b; pctb
@keltner | 20 2 | Keltner channel | keltner; keltner channel; keltner channels; keltners; kc; keltner band;
    keltner bands | |
-kc_upper | {f}.upper | upper Keltner channel | price | upper; top; upper band; upper line; top line |
kc_lower | {f}.lower | lower Keltner channel | price | lower; bottom; lower band; lower line; bottom line |
kc_middle | {f}.middle | middle Keltner channel | price | middle; mid; basis; middle line; midline |
kc_width | {f}.width | Keltner channel width | kc_width | width; bandwidth |
@donchian | 20 | Donchian channel | donchian; donchian channel; donchian channels; donchians; dc; donchian band;
    donchian bands; price channel | |
-dc_upper | {f}.upper | upper Donchian channel | price | upper; top; upper band; upper line; high |
dc_lower | {f}.lower | lower Donchian channel | price | lower; bottom; lower band; lower line; low |
dc_middle | {f}.middle | middle Donchian channel | price | middle; mid; midline; middle line; basis; midpoint |
dc_width | {f}.width | Donchian channel width | dc_width | width |
@atr | 14 | ATR | atr; average true range; atrs; average true ranges | |
atr | {f} | ATR | range | | atr; average true range; atrs
@natr | 14 | Normalised ATR | natr; normalised atr; normalized atr; atr percent; atr percentage; atr in percent;
    atr %; percent atr; atr as a percentage of price; normalised average true range; normalized average true range
    | |
natr | {f} | normalised ATR | natr | |
@true_range | | True range | true range | |
true_range | {f} | true range | range | |
@adx | 14 | ADX | adx; average directional index; dmi; directional movement index; directional movement; average
    directional movement index | | plus_di minus_di
adx | {f}.adx | ADX | adx | adx |
plus_di | {f}.plus_di | plus DI | adx | plus; +di; plus di; positive | +di; di+; plus di; di plus; positive di;
    positive directional indicator; positive directional line; plus directional indicator; di positive
minus_di | {f}.minus_di | minus DI | adx | minus; -di; minus di; negative | -di; di-; minus di; di minus; negative
    di; negative directional indicator; negative directional line; minus directional indicator; di negative
@cci | 20 | CCI | cci; commodity channel index; commodity channel | -100 100 |
cci | {f} | CCI | cci | |
@mfi | 14 | Money flow index | mfi; money flow index; money flow; money flow indicator | 20 80 |
mfi | {f} | money flow index | mfi | |
@cmf | 20 | Chaikin money flow | cmf; chaikin money flow; chaikins money flow; chaikin's money flow; chaikin flow
    | | cmf 0
cmf | {f} | Chaikin money flow | cmf | |
@adosc | 3 10 | Chaikin oscillator | chaikin oscillator; chaikin's oscillator; adosc; chaikin a/d oscillator | |
    adosc 0
adosc | {f} | Chaikin oscillator | volume | |
@ad | | Accumulation/distribution | accumulation distribution; accumulation/distribution; a/d line; ad line;
    accumulation distribution line; accumulation and distribution; accumulation / distribution line;
    accumulation/distribution line; a/d; adl | |
ad | {f} | accumulation distribution line | ad | line |
@obv | | OBV | obv; on balance volume; balance volume; obv line | |
obv | {f} | OBV | obv | line |
@aroon | 14 | Aroon | aroon; aroon indicator | | aroon_up aroon_down
-aroon_up | {f}.up | Aroon up | aroon | up; up line | aroon up; aroonup
aroon_down | {f}.down | Aroon down | aroon | down; down line | aroon down; aroondown
aroon_osc | {f}.osc | Aroon oscillator | aroon | oscillator; osc | aroon oscillator; aroon osc
@ao | | Awesome oscillator | ao; awesome oscillator; awesome osc; awesome | | ao 0
ao | {f} | awesome oscillator | ao | histogram |
@chop | 14 | Choppiness index | chop; choppiness; choppiness index; chop index; ci | |
chop | {f} | choppiness index | chop | |
@cmo | x 14 | CMO | cmo; chande momentum oscillator; chande momentum; chande's momentum oscillator; chande
    oscillator | -50 50 | cmo 0
cmo | {f} | CMO | cmo | |
@ichimoku | 9 26 52 | Ichimoku | ichimoku; ichimoku kinko hyo; ichi | | conversion base
-conversion | {f}.conversion | conversion line | price | conversion; conversion line; tenkan; tenkan sen;
    tenkansen | tenkan; tenkan sen; tenkansen; tenkan line; conversion line; turning line
base | {f}.base | base line | price | base; base line; kijun; kijun sen; kijunsen | kijun; kijun sen; kijunsen;
    kijun line; base line; baseline; ichimoku base line; standard line
span_a | {f}.span_a | leading span A | price | span a; senkou a; senkou span a; leading span a | senkou span a;
    senkou a; span a; leading span a; senkou span 1; ssa
span_b | {f}.span_b | leading span B | price | span b; senkou b; senkou span b; leading span b | senkou span b;
    senkou b; span b; leading span b; senkou span 2; ssb
cloud_top | max({f}.span_a, {f}.span_b) | cloud top | price | cloud top; top; upper edge | cloud top; top of the
    cloud; top of the ichimoku cloud; upper edge of the cloud; kumo top; top of the kumo; cloud's top; upper cloud
    edge; upper edge of the ichimoku cloud
cloud_bottom | min({f}.span_a, {f}.span_b) | cloud bottom | price | cloud bottom; bottom; lower edge | cloud
    bottom; bottom of the cloud; bottom of the ichimoku cloud; lower edge of the cloud; kumo bottom; bottom of the
    kumo; lower cloud edge; lower edge of the ichimoku cloud
@psar | 0.02 0.2 | Parabolic SAR | psar; parabolic sar; sar; parabolic; parabolic stop and reverse; stop and
    reverse; sar dots; psar dots; parabolic sar dots | | close psar
psar | {f} | parabolic SAR | price | dots; dot |
@supertrend | 10 3 | Supertrend | supertrend; super trend; supertrend indicator | | supertrend_dir 0
supertrend | {f}.line | Supertrend | price | line | supertrend line
supertrend_dir | {f}.direction | Supertrend direction | direction | direction | supertrend direction
@squeeze | 20 2 20 1.5 | Squeeze | squeeze indicator; ttm squeeze momentum; squeeze momentum indicator; squeeze
    momentum | | squeeze_value 0
squeeze_value | {f}.value | squeeze momentum | squeeze | momentum; histogram; value | squeeze momentum; squeeze
    histogram; ttm squeeze histogram; ttm momentum
@vwap | | VWAP | vwap; volume weighted average price; daily vwap; session vwap; day vwap; intraday vwap; vwap line
    | |
vwap | {f} | VWAP | price | line |
vwap_week | {ta}vwap("1w") | weekly VWAP | price | | weekly vwap; week vwap; wvwap;
    vwap of the week; vwap anchored to the week
vwap_month | {ta}vwap("1M") | monthly VWAP | price | | monthly vwap; month vwap; mvwap;
    vwap of the month; vwap anchored to the month
@typical | | Typical price | | |
hlc3 | {p}hlc3 | typical price | price | | typical price; hlc3; hlc 3
hl2 | {p}hl2 | median price | price | | median price; mid price; candle midpoint
ohlc4 | {p}ohlc4 | OHLC4 | price | | ohlc4; ohlc 4
@vortex | 14 | Vortex | vortex; vortex indicator | | vortex_plus vortex_minus
-vortex_plus | {f}.plus | vortex plus | vortex | plus; positive; +vi; vi+; up; positive line; plus line | positive
    vortex; positive vortex line; vi plus; vortex plus; plus vortex; vi +; vi+; + vi; vortex vi plus
vortex_minus | {f}.minus | vortex minus | vortex | minus; negative; -vi; vi-; down; negative line; minus line |
    negative vortex; negative vortex line; vi minus; vortex minus; minus vortex; vi -; vi-; - vi; vortex vi minus
@trix | x 18 | TRIX | trix; trix indicator | | trix 0
trix | {f} | TRIX | trix | line |
@tsi | x 25 13 | TSI | tsi; true strength index; true strength | | tsi 0
tsi | {f} | TSI | tsi | line |
@uo | 7 14 28 | Ultimate oscillator | uo; ultimate oscillator; ultimate osc | 30 70 |
uo | {f} | ultimate oscillator | uo | |
@willr | 14 | Williams %R | williams %r; williams percent r; williams r; willr; %r; will %r; williams' %r;
    william's %r; williams %; percent r; wpr; williams; williams ' %r | -80 -20 |
willr | {f} | Williams %R | willr | |
@roc | x 10 | Rate of change | roc; rate of change | | roc 0
roc | {f} | rate of change | percent | |
@mom | x 10 | Momentum | momentum; mom; momentum indicator; momentum oscillator | | mom 0
mom | {f} | momentum | range | |
@zscore | x 20 | Z-score | z score; zscore; z-score | |
zscore | {f} | z-score | zscore | |
@stdev | x 20 | Standard deviation | standard deviation; stdev; std dev; std; stddev | |
stdev | {f} | standard deviation | range | |
@volume_ratio | 20 | Relative volume | relative volume; rvol; volume ratio; rel volume; rel vol | |
volume_ratio | {f} | relative volume | ratio | |
@slope | x 20 | Slope | linear regression slope; regression slope; slope; linreg slope | | slope 0
slope | {f} | regression slope | slope | |
@linreg | x 20 | Linear regression | linear regression; linreg; linear regression line; regression line; least
    squares line; lsma; least squares moving average | |
linreg | {f} | linear regression line | price | line |
@ema | x 20 | EMA | | |
ema | {f} | EMA | price | line |
@sma | x 20 | Moving average | | |
sma | {f} | SMA | price | line |
@wma | x 20 | WMA | | |
wma | {f} | WMA | price | line |
@hma | x 20 | HMA | | |
hma | {f} | HMA | price | line |
@dema | x 20 | DEMA | | |
dema | {f} | DEMA | price | line |
@tema | x 20 | TEMA | | |
tema | {f} | TEMA | price | line |
@kama | x 10 | KAMA | | |
kama | {f} | KAMA | price | line |
@vwma | x 20 | VWMA | | |
vwma | {f} | VWMA | price | line |
@rma | x 20 | RMA | | |
rma | {f} | RMA | price | line |
@ha | | Heikin-Ashi | heikin ashi; heiken ashi; heikin-ashi; heikinashi; ha; heikin ashi candle; heiken ashi
    candle; ha candle | | ha_close ha_open
-ha_close | {f}.close | Heikin-Ashi close | price | close; closes; closing |
ha_open | {f}.open | Heikin-Ashi open | price | open; opens |
ha_high | {f}.high | Heikin-Ashi high | price | high; highs |
ha_low | {f}.low | Heikin-Ashi low | price | low; lows |
@fisher | 9 1 | Fisher transform | fisher transform; fisher; ehlers fisher; ehlers fisher transform | | fisher
    fisher_signal
fisher | {f}.fisher | Fisher transform | fisher | line |
fisher_signal | {f}.signal | Fisher signal | fisher | signal; signal line; trigger |
@kst | 10 15 20 30 10 10 10 15 9 | KST | kst; kst oscillator | | kst kst_signal
kst | {f}.kst | KST | kst | line |
kst_signal | {f}.signal | KST signal line | kst | signal; signal line |
@kdj | 9 3 | KDJ | kdj | | kdj_k kdj_d
-kdj_k | {f}.k | KDJ K line | kdj | k; %k; k line | kdj k; kdj k line
kdj_d | {f}.d | KDJ D line | kdj | d; %d; d line | kdj d; kdj d line
kdj_j | {f}.j | KDJ J line | kdj | j; j line | kdj j; kdj j line; j line
@ce | 22 3 | Chandelier exit | chandelier; chandelier exit; chandelier stop | |
-ce_long | {f}.long | long chandelier exit | price | long; long stop |
ce_short | {f}.short | short chandelier exit | price | short; short stop |
@efi | 13 | Force index | force index; elder force index; elder's force index; efi; elders force index | | efi 0
efi | {f} | force index | efi | |
@kvo | 34 55 13 | Klinger oscillator | klinger; klinger oscillator; klinger volume oscillator; kvo | | kvo
    kvo_signal
kvo | {f}.kvo | Klinger oscillator | kvo | line |
kvo_signal | {f}.signal | Klinger signal line | kvo | signal; signal line |
@coppock | 10 11 14 | Coppock curve | coppock; coppock curve; coppock indicator | | coppock 0
coppock | {f} | Coppock curve | coppock | line |
@cti | 12 | Correlation trend indicator | cti | | cti 0
cti | {f} | CTI | cti | |
@eri | 13 | Elder ray | elder ray; elder ray index; eri | |
-bull_power | {f}.bull | bull power | range | bull; bull power | bull power; bulls power
bear_power | {f}.bear | bear power | range | bear; bear power | bear power; bears power
@bop | | Balance of power | balance of power; bop | | bop 0
bop | {f} | balance of power | bop | |
@pvt | | Price volume trend | pvt; price volume trend | |
pvt | {f} | price volume trend | pvt | |
@stc | 10 12 26 | Schaff trend cycle | stc; schaff; schaff trend cycle | 25 75 |
stc | {f}.stc | Schaff trend cycle | stc | |
@ui | 14 | Ulcer index | ulcer index; ulcer | |
ui | {f} | ulcer index | ui | |
@massi | 9 25 | Mass index | mass index | |
massi | {f} | mass index | massi | |
@eom | 14 | Ease of movement | ease of movement; eom; emv | | eom 0
eom | {f} | ease of movement | eom | |
@pvo | 12 26 9 | PVO | pvo; percentage volume oscillator; volume oscillator | | pvo pvo_signal
pvo | {f}.pvo | PVO | pvo | line |
pvo_signal | {f}.signal | PVO signal line | pvo | signal; signal line |
pvo_hist | {f}.hist | PVO histogram | pvo | histogram; hist |
@qqe | 14 5 4.236 | QQE | qqe | |
qqe | {f}.line | QQE line | qqe | line |
@psl | 12 | Psychological line | psychological line; psy line | |
psl | {f} | psychological line | psl | |
@rvgi | 14 | RVGI | rvgi; relative vigor index; relative vigour index; rvi | | rvgi rvgi_signal
rvgi | {f}.rvgi | RVGI | rvgi | line |
rvgi_signal | {f}.signal | RVGI signal line | rvgi | signal; signal line |
@hvol | 20 | Historical volatility | historical volatility; realized volatility; realised volatility; hvol; hv | |
hvol | {f} | historical volatility | hvol | |
@er | 10 | Efficiency ratio | efficiency ratio | |
er | {f} | efficiency ratio | er | |
"""

# More averages of the candles' closes: kind, usual length, names.
_AVERAGES = """
ema 20 | ema; emas; exponential moving average; exponential average; exponential ma; exponential moving averages;
    exponential averages; exp ma; exponential
sma 20 | sma; smas; simple moving average; simple ma; simple average; simple averages; simple moving averages;
    simple; simple mas; arithmetic average
ma 20 | ma; mas; moving average; moving averages; dma
wma 20 | wma; weighted moving average; linear weighted moving average; weighted average; lwma; linearly weighted
    moving average; weighted ma; wmas
hma 20 | hma; hull moving average; hull ma; hull; hull average; hull suite
dema 20 | dema; double exponential moving average; double ema; double exponential average; double exponential
tema 20 | tema; triple exponential moving average; triple ema; triple exponential average; triple exponential
kama 10 | kama; kaufman adaptive moving average; kaufman's adaptive moving average; kaufman average; kaufman's
    average; adaptive moving average; kaufman adaptive average; kaufman ma; kaufman
vwma 20 | vwma; volume weighted moving average; volume weighted ma; volume weighted average
rma 20 | rma; smma; wilder's moving average; wilders moving average; wilder moving average; smoothed moving
    average; wilder's average; wilder average; smoothed ma
zlma 20 | zlma; zlema; zero lag moving average; zero lag ema; zero lag average
t3 10 | t3; tillson t3; t3 moving average; tillson average; t3 average
alma 10 | alma; arnaud legoux moving average; arnaud legoux average
jma 7 | jma; jurik moving average; jurik; jurik average
trima 10 | trima; triangular moving average; triangular average; triangular ma
vidya 14 | vidya; variable index dynamic average; chande's average
mcgd 10 | mcginley dynamic; mcginley; mcginley average; mcgd
"""


@dataclass(frozen=True, slots=True)
class Output:
    """One line of an indicator. `code` is written over `{f}`, the indicator's call."""

    kind: str
    family: str
    code: str
    noun: str
    unit: str


@dataclass(frozen=True, slots=True)
class Family:
    """An indicator: its call, whether it is taken of a series, its usual arguments, its conventions."""

    call: str
    source: bool
    usual: tuple[float, ...]
    title: str
    levels: tuple[float, float] | None = None
    bullish: tuple[str, str] | None = None
    outputs: dict[str, str] = field(default_factory=dict)
    default: str | None = None

    @property
    def note(self) -> str:
        """What is said where the settings were not given."""
        if self.call == "bbands":
            return "Bollinger bands have no settings given: 20 candles, 2 standard deviations."
        numbers = ", ".join(f"{value:g}" for value in self.usual)
        if len(self.usual) == 1:
            return f"{self.title} has no length given: {numbers} candles."
        return f"{self.title} has no settings given: {numbers}."


OUTPUTS: dict[str, Output] = {}
FAMILIES: dict[str, Family] = {}
# Phrases for the lexicon: category, value, words.
PHRASES: list[tuple[str, str, list[str]]] = []


def _lines(table: str) -> list[str]:
    """The rows of a table; a line that is indented goes on."""
    return table.replace("\n    ", " ").strip().splitlines()


AVERAGES = frozenset(row.split()[0] for row in _lines(_AVERAGES))
# Bands and clouds: family -> the lower and the upper line.
BANDS = {
    "bbands": ("bb_lower", "bb_upper"),
    "keltner": ("kc_lower", "kc_upper"),
    "donchian": ("dc_lower", "dc_upper"),
    "cloud": ("cloud_bottom", "cloud_top"),
}
CLOUD_NAMES = """
    ichimoku cloud; cloud; kumo; ichimoku kumo; kumo cloud; ichimoku clouds; the ichimoku cloud; ichi cloud; clouds;
    ichimoku spans; senkou spans; leading spans; cloud spans; kumo spans; cloud lines; cloud edges; cloud boundaries;
    ichimoku cloud lines; spans of the cloud; spans of the ichimoku cloud; lines of the cloud; edges of the cloud;
    lines of the ichimoku cloud; span a and span b; senkou span a and senkou span b; senkou span a and b; span a and b;
    senkou a and b; senkou a and senkou b
    """


def _words(text: str) -> list[str]:
    return [phrase.strip() for phrase in text.split(";") if phrase.strip()]


def _family(line: str) -> Family:
    call, arguments, title, names, levels, bullish = (part.strip() for part in line[1:].split("|"))
    tokens = arguments.split()
    source = tokens[:1] == ["x"]
    usual = tuple(float(token) for token in (tokens[1:] if source else tokens))
    low_high = tuple(float(token) for token in levels.split())
    sides = tuple(bullish.split())
    made = Family(
        call,
        source,
        usual,
        title,
        (low_high[0], low_high[1]) if low_high else None,
        (sides[0], sides[1]) if sides else None,
    )
    PHRASES.append(("family", call, _words(names)))
    return made


def _read() -> None:
    last: Family | None = None
    for line in _lines(_TABLE):
        if line.startswith("@"):
            last = _family(line)
            FAMILIES[last.call] = last
            continue
        assert last is not None
        name, code, noun, unit, words, names = (part.strip() for part in line.split("|"))
        kind = name.removeprefix("-")
        OUTPUTS[kind] = Output(kind, last.call, code, noun, unit)
        if not last.outputs and not name.startswith("-"):
            FAMILIES[last.call] = last = _with_default(last, kind)
        for word in _words(words):
            last.outputs[word] = kind
            PHRASES.append(("output", word, [word]))
        PHRASES.append(("indicator", kind, _words(names)))
    for row in _lines(_AVERAGES):
        head, _, names = row.partition("|")
        kind, length = head.split()
        if kind not in OUTPUTS and kind != "ma":
            FAMILIES[kind] = Family(kind, False, (float(length),), kind.upper(), default=kind)
            OUTPUTS[kind] = Output(kind, kind, "{f}", kind.upper(), "price")
        PHRASES.append(("average", kind, _words(names)))
    PHRASES.append(("cloud", "", _words(CLOUD_NAMES)))
    PHRASES.append(("pair", "ichimoku", ["tk", "tenkan kijun", "tenkan/kijun", "tenkan / kijun", "conversion base"]))
    PHRASES.append(("pair", "adx", ["di", "dmi", "directional movement"]))


def _with_default(family: Family, kind: str) -> Family:
    return Family(
        family.call, family.source, family.usual, family.title, family.levels, family.bullish, family.outputs, kind
    )


_read()
