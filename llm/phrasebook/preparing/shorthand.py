"""Shorthand and slang, written out: "px" is the price, "w/" is with, "5%+" is at least 5%, "on the 15" is 15m.

`expand` changes words, never where they stand: each new token keeps the offsets of what it was made from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from llm.phrasebook.vocabulary.tokens import MINUTE_MS, UNIT_MS, Token

# One word for one or more. What is common English, and only shorthand among numbers, stands in `_AMONG`.
_ROWS = """
px price | prc price | vol volume | vols volume | rn now | pls please | plz please | thru through
abv above | blw below | aboves above | cndl candle | cndls candles | mkt market | btwn between
betw between | chg change | sig signal | xover crossover | xovers crossovers | xunder crossunder
xing crossing | xes crosses | bullx bullish cross | bearx bearish cross | xup crosses above
xdown crosses below | xabove crosses above | xbelow crosses below | pdh yesterday's high
pdl yesterday's low | pdc yesterday's close | pwh last week's high | pwl last week's low | reclaims reclaims
hh higher high | hl higher low | lh lower high | ll lower low | hhs higher highs | hls higher lows
lhs lower highs | lls lower lows | gainz gains | moar more | bigly big | u you | ur your | gimme give me
lemme let me | gonna going to | wanna want to | gotta have to | outta out of | kinda about | sorta about
lotta lot of | cuz because | coz because | cos because | bc because | tho though | prolly probably
imo please | tbh please | ngl please | fr please | lol please | lmao please | fam please | bro please
mate please | frens please | ser please | anon please | usd usd | w/o without | gt above | lt below
brk break | brks breaks | brkout breakout | brkouts breakouts | prev previous | yday yesterday's | ydays yesterday's
alrdy already | alrd already | rly really | cpl couple | wknd weekend | wknds weekends | mrkt market
consec consecutive | grn green | wkly weekly | dly daily | hrly hourly | mthly monthly | mov moving | res resistance
supp support | vwp vwap | fullsend send | ovrsold oversold
gte at least | lte at most | ovr over | undr under | nd and | n and
"""
WORDS: dict[str, tuple[str, ...]] = {
    row.split()[0]: tuple(row.split()[1:]) for line in _ROWS.strip().splitlines() for row in line.split(" | ")
}
_OSCILLATORS = frozenset({"rsi", "stoch", "stochastic", "stochrsi", "mfi", "cci", "willr", "oscillator"})
_MORE = ("more", "above", "higher", "greater", "over", "better", "up", "upwards", "beyond")
_LESS = ("less", "below", "lower", "fewer", "under", "smaller")
_COMPARING = frozenset(
    """
    above below over under than least most > < >= <= ≥ ≤ exceeds minimum maximum =
    """.split()
)
_CHART = frozenset({"chart", "charts", "candle", "candles", "bar", "bars", "tf", "timeframe", "timeframes", "time"})
_CANDLES = frozenset({"candle", "candles", "bar", "bars"})
_AFTER_THE = _CHART | frozenset(", . ; : ! ? ) and or when while if with but only as w now please price rsi".split())
_MINUTES = frozenset({1, 3, 5, 15, 30, 60, 240})


def expand(tokens: list[Token], note: Callable[[str], None]) -> list[Token]:
    """The tokens with shorthand written out. `note` is told of what could be read otherwise."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        made, used = _slashed(tokens, at)
        if not used:
            made, used = _beyond(tokens, at, out)
        if not used:
            made, used = _bare_minutes(tokens, at, out, note)
        if not used and token.text in ("ob", "os") and out and out[-1].text in _OSCILLATORS:
            made, used = _words(token, ("overbought" if token.text == "ob" else "oversold",)), 1
        if not used and token.kind == "word" and token.text in WORDS:
            made, used = _words(token, WORDS[token.text]), 1
        if not used and token.text in UNIT_NAMES and following is not None and following.text in _CHART:
            unit = UNIT_NAMES[token.text]
            before = out[-1].text if out else ""
            if before not in ("each", "every", "last", "this", "next") and following.text in ("chart", "charts", "tf"):
                made, used = [Token("span", token.text, float(UNIT_MS[unit]), token.start, token.end, 1, unit)], 1
        if used:
            out.extend(made)
            at += used
        else:
            out.append(token)
            at += 1
    return out


UNIT_NAMES = {"minute": "m", "hour": "h", "day": "d", "week": "w"}


def _words(token: Token, texts: tuple[str, ...]) -> list[Token]:
    return [Token("word", text, 0.0, token.start, token.end) for text in texts]


def _slashed(tokens: list[Token], at: int) -> tuple[list[Token], int]:
    """ "w/" and "w/o", "b/c", "b/w"."""
    token = tokens[at]
    if token.text not in ("w", "b") or at + 1 >= len(tokens) or tokens[at + 1].text != "/":
        return [], 0
    end = tokens[at + 1].end
    third = tokens[at + 2] if at + 2 < len(tokens) else None
    glued = third.text if third is not None and third.start == end else ""
    if token.text == "w" and glued == "o" and third is not None:
        return [Token("word", "without", 0.0, token.start, third.end)], 3
    if token.text == "w":
        return [Token("word", "with", 0.0, token.start, end)], 2
    if glued in ("c", "w") and third is not None:
        return [Token("word", "because" if glued == "c" else "between", 0.0, token.start, third.end)], 3
    return [], 0


def _beyond(tokens: list[Token], at: int, out: list[Token]) -> tuple[list[Token], int]:
    """ "5%+", "70 or more", "30 or below": the comparison goes before its number."""
    token = tokens[at]
    if token.kind not in ("number", "percent", "multiple") or at + 1 >= len(tokens):
        return [], 0
    sign = tokens[at + 1]
    third = tokens[at + 2] if at + 2 < len(tokens) else None
    if sign.text == "or" and third is not None and third.text == "worse" and token.value < 0:
        # "-10% or worse": a fall of at least that.
        return [token], 3
    if sign.text == "+" and sign.start == token.end and not _glued_number(sign, third):
        word, used = "least", 2
    elif sign.text in ("or", "and") and third is not None and third.text in (*_MORE, *_LESS):
        fourth = tokens[at + 3] if at + 3 < len(tokens) else None
        ends = fourth is None or fourth.kind in ("word", "sign", "span")
        # "above 50 or below its average", "between 5 and above" are other things.
        words = ("its", "the", "a", "an", "ema", "sma", "rsi", "vwap", "all", "both", "upper", "lower")
        if not ends or (fourth is not None and fourth.text in words and third.text not in ("more", "less", "better")):
            return [], 0
        if sign.text == "and" and third.text in ("better", "lower", "higher", "less", "more", "smaller"):
            return [], 0
        word, used = ("least" if third.text in _MORE else "most"), 3
    else:
        return [], 0
    if out and out[-1].text in _COMPARING:
        return [token], used
    return [*_words(replace(token, end=token.start), ("at", word)), token], used


def _glued_number(sign: Token, third: Token | None) -> bool:
    return third is not None and third.kind == "number" and third.start == sign.end


def _bare_minutes(
    tokens: list[Token], at: int, out: list[Token], note: Callable[[str], None]
) -> tuple[list[Token], int]:
    """ "on the 15", "the 5 chart": minutes, as charts are named."""
    token = tokens[at]
    if token.kind != "number" or token.value not in _MINUTES or not out:
        return [], 0
    following = tokens[at + 1].text if at + 1 < len(tokens) else "."
    placed = [t.text for t in out[-2:]] in (["on", "the"], ["on", "a"], ["using", "the"], ["off", "the"])
    charted = out[-1].text in ("the", "a", "on") and following in ("chart", "charts", "tf", "timeframe")
    if not (charted or (placed and following in _AFTER_THE)) or _counts(tokens, at):
        return [], 0
    minutes = int(token.value)
    note(f"“{token.text}” was read as the {minutes} minute chart.")
    return [Token("span", token.text, float(minutes * MINUTE_MS), token.start, token.end, minutes, "m")], 1


def _counts(tokens: list[Token], at: int) -> bool:
    """ "on a 3 bar pullback", "off the 5 candle low": so many candles, and no chart of so many minutes. Where the
    sentence names another interval, candles behind a bare number are always counted."""
    if at + 1 >= len(tokens) or tokens[at + 1].text not in _CANDLES:
        return False
    behind = tokens[at + 2] if at + 2 < len(tokens) else None
    goes_on = behind is not None and (
        behind.kind != "word" or behind.text not in _AFTER_THE | {"the", "i", "you", "go"}
    )
    return (goes_on and behind is not None and behind.kind != "sign") or any(
        other.interval is not None for other in tokens if other is not tokens[at]
    )
