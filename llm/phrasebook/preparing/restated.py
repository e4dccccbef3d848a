"""What a sentence says twice: "cooked (over 80)", "rip (cross) through", "52-week (364 day) high", "by trend down I
mean ...", "over the same hour", "the 21 is above the 55" after a 21 and a 55 EMA.

Each becomes the plain words once; every token keeps the place of what it was made from.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.vocabulary.tokens import Token

_COMPARING = frozenset("above below over under at < > <= >= least most than sub more less greater lower".split())
# Words for a value without a number, which a bracket behind them gives.
_VAGUE = frozenset(
    """
    low high hot cold dead weak strong elevated extreme stretched oversold overbought extended quiet calm busy big large
    huge small tiny heavy light thin trending choppy flat tame wild rich cheap up down
    """.split()
)
_VERBS = frozenset("cross crosses crossed crossing crossover close closes closed".split())
_MOVES = frozenset("drops rises falling rising dropping dumping pumping crashing drop rise".split())
_WAYS = frozenset({"down", "up"})
_TOWARDS = frozenset("through crosses cross crossing crossed past reclaims loses".split())
_OSCILLATORS = frozenset("rsi cci mfi adx macd stoch stochastic stochrsi willr roc cmo chop atr volume".split())
_GOES_ON = frozenset("and or but while with when on for in then if , n".split())
_AVERAGES = frozenset("ema sma ma wma hma dema tema vwma kama emas smas mas average averages".split())
_UNITS = frozenset(
    """
    candle candles bar bars period periods day days hour hours minute minutes week weeks line level mark percent points
    times atr atrs high low close closes highs lows green red x % one ones dma simple
    exponential moving weighted hull
    """.split()
)
_SPIKES = frozenset({"spike", "spikes", "surge", "surges", "explosion", "burst", "spiking", "jump"})
_USUAL = frozenset({"the", "its", "normal", "usual", "average", "avg", "mean", "of", "than"})
_BOUNDS = frozenset({".", ";", "!", "?"})
_LINKS = frozenset({"and", "or", ",", "&", "/", "over", "the"})
_SPANS = frozenset("hour day week month session candle bar".split())
_STRETCH = frozenset("period window span time stretch timeframe lookback amount number".split())
_CANDLES = frozenset("candle candles bar bars".split())
MAX_MEANT = 6


def said_once(tokens: list[Token]) -> list[Token]:
    """The tokens without what is said a second time."""
    return _same_length(_averages(_spikes(_meant(_brackets(tokens)))))


def _closing(tokens: list[Token], at: int, most: int = 6) -> int | None:
    """Where the bracket opened at `at` closes, if it holds `most` tokens or fewer."""
    ends = range(at + 1, min(len(tokens), at + most + 2))
    return next((end for end in ends if tokens[end].text == ")"), None)


def _brackets(tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = _closing(tokens, at) if token.text == "(" and out else None
        inside = tokens[at + 1 : end] if end is not None else []
        last = out[-1] if out else None
        if end is None or last is None or not inside:
            out.append(token)
            at += 1
            continue
        compares = inside[0].text in _COMPARING and inside[-1].kind in ("number", "percent", "multiple")
        plain = all(t.text in _COMPARING or t.kind in ("number", "percent", "multiple") for t in inside)
        sized = inside[0].text in _WAYS and last.text in _MOVES
        if sized or (compares and plain and last.text in _VAGUE):
            out[-1:] = inside
            at = end + 1
        elif len(inside) == 1 and inside[0].text in _VERBS and last.kind == "word":
            out[-1] = inside[0]
            at = end + 1
        elif last.kind == "span" and len(inside) == 1 and inside[0].kind == "span" and inside[0].value == last.value:
            at = end + 1
        else:
            out.append(token)
            at += 1
    return out


def _spikes(tokens: list[Token]) -> list[Token]:
    """ "A volume spike of 3x normal" is volume of 3 times its average: the spike says no more."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        out.append(tokens[at])
        at += 1
        spike = tokens[at] if at < len(tokens) and tokens[at - 1].text == "volume" else None
        if spike is None or spike.text not in _SPIKES:
            continue
        size = at + 1
        while size < len(tokens) and tokens[size].text in ("of", "at", "about", "around", "like", "over", "above", "("):
            size += 1
        if size >= len(tokens) or tokens[size].kind != "multiple":
            continue
        behind = size + 1
        while behind < len(tokens) and tokens[behind].text in _USUAL:
            behind += 1
        bracket = behind < len(tokens) and tokens[behind].text == ")"
        out.extend((tokens[size], replace(tokens[size], kind="word", text="average", start=tokens[behind - 1].end)))
        at = behind + bracket
    return out


def _meant(tokens: list[Token]) -> list[Token]:
    """ "By trend down I mean Y." puts Y where "the trend is down" stood before."""
    texts = [token.text for token in tokens]
    for at, text in enumerate(texts):
        if text != "by" or (at and texts[at - 1] not in _BOUNDS | {",", "and", "where"}):
            continue
        ends = range(at + 2, min(len(texts) - 2, at + MAX_MEANT + 2))
        mean = next((i for i in ends if texts[i : i + 2] in (["i", "mean"], ["we", "mean"], ["i", "meant"])), None)
        if mean is None:
            continue
        wanted = {word for word in texts[at + 1 : mean] if word not in ("the", "a", "an", '"')}
        stop = next((i for i in range(mean + 2, len(texts)) if texts[i] in _BOUNDS), len(texts))
        found = _place_of(texts, at, wanted)
        if found is None:
            continue
        start, end = found
        return [*tokens[:start], *tokens[mean + 2 : stop], *tokens[end:at], *tokens[stop:]]
    return tokens


def _place_of(texts: list[str], before: int, wanted: set[str]) -> tuple[int, int] | None:
    """The last run of few tokens before `before` that holds all of `wanted`."""
    for end in range(before, 0, -1):
        for start in range(end - 1, max(-1, end - len(wanted) - 4), -1):
            run = texts[start:end]
            if wanted <= set(run) and texts[start] in wanted and texts[end - 1] in wanted:
                return start - (start > 0 and texts[start - 1] in ("the", "a")), end
    return None


def _lengths(tokens: list[Token]) -> dict[float, Token]:
    """The lengths that are said of an average somewhere, each with its average."""
    found: dict[float, Token] = {}
    for at, token in enumerate(tokens):
        if token.text in ("golden", "death") and at + 1 < len(tokens) and tokens[at + 1].text in ("cross", "crossover"):
            found.setdefault(50.0, replace(token, text="sma"))
            found.setdefault(200.0, replace(token, text="sma"))
        if token.text not in _AVERAGES:
            continue
        kind = replace(token, text="sma") if token.text.startswith("average") else token
        before = at - 1
        while before >= 0 and at - before < 10:
            if tokens[before].kind == "number":
                found.setdefault(tokens[before].value, kind)
            elif tokens[before].text not in _LINKS | {"simple", "exponential", "period", "moving", "candle"}:
                break
            before -= 1
        behind = at + 1 + (at + 1 < len(tokens) and tokens[at + 1].text == "(")
        if behind < len(tokens) and tokens[behind].kind == "number" and tokens[at].end >= tokens[behind].start - 2:
            found.setdefault(tokens[behind].value, kind)
    return found


def _averages(tokens: list[Token]) -> list[Token]:
    """ "The 21" is the average of 21 that the sentence names elsewhere; "(20 on top)" puts it above the other one."""
    lengths = _lengths(tokens)
    if not lengths:
        return tokens
    out: list[Token] = []
    for at, token in enumerate(tokens):
        out.append(token)
        if token.kind == "number" and token.value not in lengths and _compared_average(tokens, at):
            lengths[token.value] = next(reversed(lengths.values()))
        if token.kind != "number" or token.value not in lengths or token.text == "one":
            continue
        behind = tokens[at + 1].text if at + 1 < len(tokens) else ""
        before = tokens[at - 1].text if at else ""
        average = replace(lengths[token.value], start=token.end, end=token.end)
        if [t.text for t in tokens[at + 1 : at + 3]] == ["on", "top"] and len(lengths) == 2:
            other = next(length for length in lengths if length != token.value)
            above = replace(average, text="above", start=tokens[at + 1].start, end=tokens[at + 1].end)
            number = replace(token, text=f"{other:g}", value=other, start=above.end, end=above.end)
            out.extend((average, above, number, average))
        elif before == "the" and behind not in _UNITS | _AVERAGES and not _named_later(tokens, at):
            out.append(replace(average, text=average.text.removesuffix("s") if average.text != "sma" else "sma"))
    return _without_top(out)


def _compared_average(tokens: list[Token], at: int) -> bool:
    """Whether "the 21" is said of an average: "the 8 ema is back above the 21", and not of an oscillator."""
    token = tokens[at]
    if at < 2 or tokens[at - 1].text != "the" or not 1 < token.value <= 1_000 or token.value != int(token.value):
        return False
    if at + 1 < len(tokens) and (
        tokens[at + 1].text in _UNITS | _AVERAGES or tokens[at + 1].kind in ("number", "word")
    ):
        behind = tokens[at + 1]
        if behind.kind == "number" or behind.text in _UNITS | _AVERAGES or behind.text not in _GOES_ON:
            return False
    if tokens[at - 2].text not in _COMPARING | _TOWARDS:
        return False
    for before in range(at - 3, max(-1, at - 10), -1):
        if tokens[before].text in _AVERAGES:
            return True
        if tokens[before].kind == "word" and tokens[before].text in _OSCILLATORS:
            return False
    return False


def _without_top(tokens: list[Token]) -> list[Token]:
    """Without the "on top" that was written out."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        said = [t.text for t in tokens[at : at + 2]] == ["on", "top"] and len(out) > 3 and out[-3].text == "above"
        at += 2 if said else 0
        if at < len(tokens):
            out.append(tokens[at])
        at += 1
    return out


def _named_later(tokens: list[Token], at: int) -> bool:
    """Whether the number belongs to a list whose average is read with it: "the 20, 50 and 200 EMA"."""
    if at > 1 and tokens[at - 2].text == "between":
        return False
    end = at + 1
    while end < len(tokens) and (tokens[end].kind == "number" or tokens[end].text in _LINKS - {"over"}):
        if tokens[end].kind == "number" and tokens[end].value == tokens[at].value:
            return False
        end += 1
    return end > at + 1 and end < len(tokens) and tokens[end].text in _AVERAGES | {"period", "simple", "exponential"}


def _same_length(tokens: list[Token]) -> list[Token]:
    """ "Over the same hour" is over the last hour; "over the same period" over the length said before; "on the same
    day" says what stands there anyway."""
    out: list[Token] = []
    length: list[Token] = []
    skip = -1
    for at, token in enumerate(tokens):
        behind = tokens[at + 1] if at + 1 < len(tokens) else None
        before = tokens[at - 1].text if at else ""
        if token.kind == "span":
            length = [token]
        elif token.kind == "number" and behind is not None and behind.text in _CANDLES:
            length = [token, behind]
        elif token.text in ("hour", "day", "week") and before in ("last", "past", "an", "a"):
            length = [token]
        at_once = token.text == "same" and behind is not None and behind.text in ("day", "candle", "bar", "time")
        if at_once and [t.text for t in out[-2:]] in (["on", "the"], ["on", "that"], ["at", "the"], ["at", "that"]):
            del out[-2:]
            skip = at + 1
            continue
        if at == skip:
            continue
        if token.text == "same" and behind is not None and (behind.text in _SPANS or behind.kind in ("span", "number")):
            out.append(replace(token, text="last"))
        elif token.text == "same" and behind is not None and behind.text in _STRETCH and length:
            out.append(replace(token, text="last"))
            out.extend(replace(t, start=behind.start, end=behind.end) for t in length)
        elif before == "same" and token.text in _STRETCH and length and out[-1].text != "same":
            continue
        else:
            out.append(token)
    return out
