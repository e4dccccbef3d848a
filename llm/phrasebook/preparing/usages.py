"""Words whose meaning others of the sentence set: numbers in brackets behind a golden cross, Heikin-Ashi candles."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.vocabulary.tokens import Token

_CROSSES = frozenset({"cross", "crossover", "crosses", "crossing"})
_AVERAGES = frozenset("ema emas sma smas ma mas".split())
_COLOURS = frozenset("green red bullish bearish".split())
_CANDLES = frozenset("candle candles bar bars one ones candlestick candlesticks".split())
_HEIKIN = frozenset("heikin heiken heikinashi ha".split())
_DAY = (("on", "the", "day"), ("in", "a", "day"), ("on", "day"), ("today",))
_MOMENTUM_OF = frozenset({"squeeze", "chande", "chande's", "rsi", "macd", "price"})
_FORBIDDING = frozenset("no not don't never skip avoid unless".split())
_ENDS = frozenset({".", ",", ";"})
REACH = 12


def settle(tokens: list[Token]) -> list[Token]:
    """The tokens with each such word written out where it belongs; their places in the sentence stay."""
    return _otherwise(_squeeze_momentum(_heikin(_said_twice(_named_cross(tokens)))))


def _otherwise(tokens: list[Token]) -> list[Token]:
    """ "No longs if X. Otherwise buy when Y": what was forbidden says already when Y holds."""
    out: list[Token] = []
    for token in tokens:
        begins = not out or out[-1].text in _ENDS
        forbidden = token.text == "otherwise" and begins and any(other.text in _FORBIDDING for other in out)
        out.append(replace(token, kind="sign", text=",") if forbidden else token)
    return out


def _squeeze_momentum(tokens: list[Token]) -> list[Token]:
    """ "The squeeze fired with momentum above zero": the squeeze's own momentum, not the indicator of that name."""
    out: list[Token] = []
    for at, token in enumerate(tokens):
        before = tokens[at - 1].text if at else ""
        behind = tokens[at + 1].text if at + 1 < len(tokens) else ""
        squeezed = token.text == "momentum" and any(t.text == "squeeze" for t in out)
        if squeezed and before not in _MOMENTUM_OF and behind not in ("indicator", "oscillator", "("):
            out.append(replace(token, text="squeeze", end=token.start))
        out.append(token)
    return out


def _named_cross(tokens: list[Token]) -> list[Token]:
    """ "a death cross on the 1h (50/200 ema)": of these two averages."""
    texts = [token.text for token in tokens]
    for at in range(len(tokens) - 1):
        if texts[at] not in ("golden", "death") or texts[at + 1] not in _CROSSES:
            continue
        begin = next((i for i in range(at + 2, min(at + REACH, len(tokens))) if texts[i] == "("), None)
        inside = [] if begin is None else tokens[begin + 1 : begin + 6]
        kinds = [token.kind for token in inside]
        named = len(inside) == 5 and kinds[0] == kinds[2] == "number" and inside[1].text in ("/", "and", ",", "over")
        if begin is None or not named or inside[3].text not in _AVERAGES or inside[4].text != ")":
            continue
        of = replace(inside[1], kind="word", text="of", start=tokens[at + 1].end, end=tokens[at + 1].end)
        joined = replace(inside[1], kind="word", text="and")
        pair = [of, inside[0], joined, inside[2], replace(inside[3], text=inside[3].text.removesuffix("s"))]
        return [*tokens[: at + 2], *pair, *tokens[at + 2 : begin], *tokens[begin + 6 :]]
    return tokens


def _said_twice(tokens: list[Token]) -> list[Token]:
    """ "Up 15% on the day (24h)": the bracket says again over what. An arrow is a pause."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        if tokens[at].text == ">" and out and out[-1].text in ("-", "=") and out[-1].end == tokens[at].start:
            # An arrow: what follows is what is done.
            out[-1] = replace(out[-1], kind="sign", text=",", end=tokens[at].end)
            at += 1
            continue
        bracket = [token.text for token in tokens[at : at + 3]]
        if bracket[:1] == ["("] and bracket[2:] == [")"] and bracket[1] in ("24h", "24 h", "24hr", "1d"):
            before = tuple(token.text for token in out[-3:])
            if any(before[-len(words) :] == words for words in _DAY):
                at += 3
                continue
        out.append(tokens[at])
        at += 1
    return out


def _heikin(tokens: list[Token]) -> list[Token]:
    """ "Heikin-Ashi: ... after four red ones": the candles of a sentence that names them are all of that kind."""
    if not any(token.text in _HEIKIN for token in tokens):
        return tokens
    out: list[Token] = []
    for token in tokens:
        if token.text == "ashi" and out and out[-1].text in ("heikin", "heiken", "ha"):
            out[-1] = replace(out[-1], text="ha", end=token.end)
            continue
        if token.text == "-" and out and out[-1].text in ("heikin", "heiken"):
            continue
        if token.text in _CANDLES and out and out[-1].text in _COLOURS:
            out.append(replace(token, kind="word", text="ha", value=0.0, end=token.start))
        out.append(token)
    return out
