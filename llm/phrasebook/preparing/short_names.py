"""What is said with fewer words than it means: "the 9" of two averages named before, "mostly buyers (65%+)".

1. Where a pair of averages was named, "the 9", "when 9 is under 20" further on are those averages.
2. "Mostly buyers (65%+)": buyers make up at least 65% of the volume; with no number they are more than sellers.
3. "Massive volume 4x average": the number says how massive.
4. "0.4% profit or 0.3% loss": a target and a stop.
5. "Min 4 of the last 5 closes": at least 4. "Only 3 of the last 10": at most 3. "All but one of 5": 4.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.vocabulary.tokens import Token

_AVERAGES = frozenset("ema emas sma smas wma wmas hma dema tema vwma".split())
_BETWEEN = frozenset({"and", "/", "&", "with"})
_ASKED = frozenset("when if while once whenever".split())
_SIDES = frozenset("above below over under through than".split())
_OF_OTHERS = frozenset(
    """
    candle candles bar bars period periods day days hour hours minute minutes week weeks ema sma wma ma emas smas mas
    mark level line rsi average moving % percent x times most highest lowest last best worst coins symbols
    """.split()
)
_SAID = frozenset("is are was crosses cross crossed crossing goes gets stays sits remains above below".split())
REACH = 5
_TAKERS = {"buyers": "buyers", "buys": "buyers", "buying": "buyers"}
_TAKERS |= {"sellers": "sellers", "sells": "sellers", "selling": "sellers"}
_KINDS = frozenset("market taker aggressive".split())
_MASSIVE = frozenset(
    """
    massive huge big heavy insane crazy fat chunky monster serious strong high fierce juicy beefy enormous giant
    """.split()
)
_LEAST, _MOST = frozenset({"min", "minimum"}), frozenset({"max", "maximum", "only"})
_CLOSES = frozenset({"closes", "closed", "closing"})
_GAIN, _LOSS = frozenset({"profit", "gain"}), frozenset({"loss", "drawdown"})


def written_out(tokens: list[Token]) -> list[Token]:
    """The tokens with these written out; every one keeps the place of what it was made from."""
    return _averages(_ends(_volume(_mostly(_bounds(tokens)))))


def _averages(tokens: list[Token]) -> list[Token]:
    named = _named(tokens)
    if named is None:
        return tokens
    lengths, kind, end = named
    out = tokens[:end]
    last = -REACH
    for at in range(end, len(tokens)):
        token, before = tokens[at], tokens[at - 1].text
        behind = tokens[at + 1].text if at + 1 < len(tokens) else "."
        out.append(token)
        if token.kind != "number" or token.unit or token.value not in lengths or behind in _OF_OTHERS:
            continue
        against = before in _SIDES and at - last < REACH
        if before == "the" or against or (before in _ASKED and behind in _SAID):
            out.append(replace(token, kind="word", text=kind, value=0.0, start=token.end))
            last = at
    return out


def _named(tokens: list[Token]) -> tuple[set[float], str, int] | None:
    """The two lengths that are named as a pair, the kind of average, and where the pair ends."""
    for at in range(len(tokens) - 3):
        texts = [token.text for token in tokens[at : at + 5]]
        kinds = [token.kind for token in tokens[at : at + 5]]
        first = texts[0].removesuffix("s")
        if texts[0] in _AVERAGES and kinds[1] == "number" and texts[2] in _BETWEEN:
            if kinds[3] == "number":
                return {tokens[at + 1].value, tokens[at + 3].value}, first, at + 4
            if len(texts) == 5 and texts[3].removesuffix("s") == first and kinds[4] == "number":
                return {tokens[at + 1].value, tokens[at + 4].value}, first, at + 5
        if kinds[0] == "number" and texts[1] in _BETWEEN and kinds[2] == "number" and texts[3] in _AVERAGES:
            return {tokens[at].value, tokens[at + 2].value}, texts[3].removesuffix("s"), at + 4
    return None


def _bounds(tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        counted = [t.kind for t in tokens[at + 1 : at + 2]] == ["number"]
        of = at + 2 < len(tokens) and tokens[at + 2].text in ("of", "out")
        least = _all_but(tokens, at)
        if least is not None:
            out.extend((_word(token, "at"), _word(tokens[at + 1], "least"), least))
            at += 2
        elif token.text in _LEAST | _MOST and counted and of:
            out.extend((_word(token, "at"), _word(token, "least" if token.text in _LEAST else "most")))
        else:
            out.append(token)
        at += 1
    return out


def _all_but(tokens: list[Token], at: int) -> Token | None:
    """How many are left of "all but one of the last 5", in place of the number that is missing."""
    said = tokens[at : at + 7]
    if (
        [t.text for t in said[:2]] != ["all", "but"]
        or len(said) < 6
        or said[2].kind != "number"
        or said[3].text != "of"
    ):
        return None
    whole = next((t for t in said[4:] if t.kind == "number"), None)
    left = 0 if whole is None else int(whole.value - said[2].value)
    return replace(said[2], text=str(left), value=float(left)) if left > 0 else None


def _mostly(tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        next_ = at + 1
        while next_ < len(tokens) and tokens[next_].text in _KINDS:
            next_ += 1
        who = _TAKERS.get(tokens[next_].text) if token.text in ("mostly", "mainly") and next_ < len(tokens) else None
        if who is None:
            out.append(token)
            at += 1
            continue
        last = tokens[next_]
        said = [t.text for t in tokens[next_ + 1 : next_ + 8]]
        inside = tokens[next_ + 2 : next_ + 8] if said[:1] == ["("] else []
        share = next((t for t in inside if t.kind == "percent"), None)
        if share is not None and ")" in said:
            end = next_ + 1 + said.index(")")
            words = [*(_word(share, text) for text in ("at", "least")), share]
            words += [_word(share, text) for text in ("of", "the", "volume")]
            out.extend((replace(token, text=who, kind="word"), *words))
            at = end + 1
        else:
            out.extend((replace(token, text=who, kind="word"), _word(last, "dominate")))
            at = next_ + 1
    return out


def _word(token: Token, text: str) -> Token:
    return replace(token, kind="word", text=text, value=0.0)


def _volume(tokens: list[Token]) -> list[Token]:
    out: list[Token] = []
    for at, token in enumerate(tokens):
        behind = tokens[at + 1 : at + 3]
        counted = len(behind) == 2 and behind[0].text == "volume" and behind[1].kind == "multiple"
        if not (counted and token.text in _MASSIVE):
            out.append(token)
        averaged = token.text in ("avg", "average") and [t.kind for t in out[-2:-1]] == ["multiple"]
        if averaged and [t.text for t in out[-3:-2]] == ["volume"] and behind and behind[0].text in _CLOSES:
            out.append(replace(token, kind="sign", text=",", start=token.end))  # No average of closes.
    return out


def _ends(tokens: list[Token]) -> list[Token]:
    """Only where both are said, one behind the other."""
    for at in range(len(tokens) - 4):
        one, gain, join, two, loss = tokens[at : at + 5]
        if one.kind != "percent" or two.kind != "percent" or join.text not in ("or", "and", "/", ","):
            continue
        if {gain.text, loss.text} <= _GAIN | _LOSS and (gain.text in _GAIN) != (loss.text in _GAIN):
            names = ["target" if word.text in _GAIN else "stop" for word in (gain, loss)]
            made = [_word(one, names[0]), one, replace(join, text=","), _word(two, names[1]), two]
            made[1], made[4] = replace(one, end=gain.end), replace(two, end=loss.end)
            return [*tokens[:at], *made, *tokens[at + 5 :]]
    return tokens
