"""What no filter can say: news, order books, tomorrow's price, instructions to the translator.

1. `take_out` cuts the sentence into clauses and takes out each that speaks of such a thing, whole: half a clause would
   be read as something that nobody said ("outflows hit a 30 day high").
2. Each clause comes back with its words and the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice

from llm.phrasebook.preparing.account import of_the_account
from llm.phrasebook.vocabulary.tokens import Token

_CANDLES = "A filter reads closed candles and their volume, of this and other symbols"
_TOPICS: list[tuple[str, str]] = [
    (
        "news and what people say are not in the market data",
        r"""news|headlines?|twitter|tweets?|tweeted|reddit|telegram|discord|social|sentiment|influencers?|elon|
        musk|rumou?rs?|hype|hyped|viral|google trends|youtube|tiktok|posts? about|mentions|fear (?:and|
        &) greed|fear greed|podcast|announcements?|announces?|announced|partnerships?|cnbc|bloomberg|
        analyst|analysts|upgrade[sd]?|on x\b""",
    ),
    (
        "the order book and its orders are not in the market data",
        r"""order ?books?|orderbook|buy walls?|sell walls?|bid wall|ask wall|bids?|asks?|bid ask|bid-ask|
        spread is|spreads?(?= (?:is|are|below|under|above|over|less|tight|wide))|market depth|depth of|
        slippage|level 2|level ii|dom\b|spoof\w*|iceberg|limit orders|liquidity pools?|
        liquidity sweep of orders|resting orders|stop hunts?|basis points?(?= spread)""",
    ),
    (
        "derivatives' own numbers are not in the market data",
        r"""funding|funding rates?|open interest|\boi\b|liquidations?|liquidated|liquidation|
        long[ /]short ratio|long short ratio|options?(?= (?:expiry|flow|market|chain|volume|traders))|
        implied vol\w*|put[ /]call|gamma|perp premium|basis trade|futures premium|premium index|contango|
        leverage ratio|max pain|(?:short|long)s? squeez(?:e|es|ing|ed)(?! (?:fires?|fired|releas\w*|break\w*|momentum))|
        squeez(?:e|es|ing) (?:the |out )*(?:shorts|longs|shorters)""",
    ),
    (
        "what a coin is worth in all, and what stands behind it, is not in the market data",
        r"""market caps?|marketcap|mcap|market capitali[sz]ation|capitali[sz]ation|fully diluted|fdv|
        circulating supply|total supply|tokenomics|fundamentals?|fundamentally|earnings|revenue|p/e|tvl|
        total value locked|unlocks?(?= (?:in|on|this|next|soon|event|schedule|is|are))|token unlocks?|
        vesting|halving|airdrops?|team behind|white ?paper|github|developer activity|developers are|sector|
        meme ?coins?|defi|layer 1|layer 2|dominance|btc\.d|tradfi|s&p|s & p|nasdaq|dxy|dollar index|
        gold price|interest rates?|fed\b|fomc|cpi|inflation|etf""",
    ),
    (
        "blockchains are not in the market data",
        r"""on ?chain|on-chain|outflows?|inflows?|net ?flows|wallets?|exchange reserves|hash ?rate|miners?|
        mempool|gas fees?|gas price|active addresses|addresses|staking|staked|smart contracts?|
        whale (?:wallets?|transfers?|transactions?|alerts?)|whales? (?:are |is )?(?:buying|selling|
        accumulat\w+|moving|deposit\w*)|stablecoin supply|tx count|dex\b|holders""",
    ),
    (
        "listings are not in the market data",
        r"""about to list|to be listed|get(?:s|ting)? listed|listed on|lists? on|new(?:ly)? listed|listings?|
        delist\w*|coinbase|kraken|bybit|ipo|ico\b|launch(?:es|ed)? on|upbit|okx|kucoin|bitfinex""",
    ),
    (
        "nobody knows the future",
        r"""tomorrow'?s?|next (?:\w+ )?(?:candles?|bars?|days?|hours?|weeks?|months?|minutes?)(?! (?:closes?|
        breaks?|that|which))|next \d+|next few|in the future|future|will (?:be|go|close|rise|fall|pump|dump|
        drop|moon|cross|break|hit|reach|rally|crash|double|happen|make|bounce|recover|have|explode|do)|
        going to (?:be|go|close|rise|fall|pump|dump|drop|moon|rally|crash|double|explode|bounce|break)|
        gonna (?:pump|dump|moon)|about to (?:\w+)|likely to|predict\w*|forecast\w*|by (?:next|
        the end of) (?:week|month|year)|before it (?:pumps|dumps|moons|happens|moves)""",
    ),
    (
        "no rule is in a promise",
        r"""can'?t lose|cannot lose|never loses?|guaranteed?|risk free|riskless|best (?:trade|coin|strategy|
        setup|entry|stock)s?|make me (?:rich|money|a millionaire)|get rich|make money|100x|1000x|
        next bitcoin|sure thing|holy grail|most profitable|win rate|highest win|surefire|easy money|
        double my money""",
    ),
    (
        "a filter knows no account, no positions and no orders",
        r"""portfolio|my account(?= (?:is|balance|size|equity|has|value))|account balance|my balance|my wallet|
        my (?:pnl|p&l|equity|capital|margin|positions?|other trades|open trades|money)|full balance|
        market orders?(?! flow)|place (?:an? )?orders?|position siz\w+|size (?:the|my|each)|\d+ ?% of (?:my|
        the) (?:capital|account|equity|balance|bankroll|portfolio)|kelly|my last \w+ trades?|
        already hold\w*|i hold\b|i own\b|average down|dca\b|martingale|leverage|hedge|rebalance|withdraw|
        transfer|send (?:all|my|the) (?:coins|funds|money|btc)|lost on my""",
    ),
    (
        "a filter is tested when a candle closes, not between trades",
        r"""milliseconds?|\bms\b|microseconds?|nanoseconds?|tick by tick|ticks?(?= (?:chart|data|by))|each tick|
        every tick|single trade(?= (?:over|above|larger|of|bigger))|a trade (?:over|above|larger|of|bigger|
        worth)|\d+ seconds?|seconds|sub ?second|latency|block trades?|time and sales|tape\b|
        prints?(?= (?:over|above))""",
    ),
    (
        "counting waves and drawing by eye is not a formula",
        r"""elliott?|wave (?:one|two|three|four|five|\d|count)|wyckoff|head and shoulders|head & shoulders|
        cup and handle|cup & handle|triangles?|wedges?|flag pattern|bull flags?|bear flags?|pennants?|
        gartley|harmonic\w*|fibonacci|fib\b|fibs\b|gann|astrolog\w*|moon is|full moon|new moon|lunar|
        mercury|trend ?lines?|trendline|order blocks?|fair value gaps?|fvg|smart money|ict\b|
        liquidity grabs?|volume profile|point of control|poc\b|market profile|value area|footprint|renko|
        point and figure|double (?:top|bottom)s?|triple (?:top|bottom)s?|rounding bottom|diamond pattern|
        looks? (?:good|nice|bullish|strong|promising|cheap|ready)|feels? (?:right|good|bullish|bearish)|
        gut feeling|my gut|intuition|undervalued|overvalued""",
    ),
    (
        "other numbers than those of candles are not in the market data",
        r"""correlat\w+|beta\b|cointegrat\w+|sharpe|machine learning|neural|artificial intelligence|\bai\b|
        chatgpt|seasonality""",
    ),
    (
        "this is no condition on the market",
        r"""ignore (?:all|any|the|your|my|previous|prior|every|everything|above|what|instructions?|rules?)\b.*|
        disregard .*|forget (?:the|all|your|every|everything|previous|what|any)\b.*|system prompts?|
        your prompts?|api[ _-]?keys?|secrets?|passwords?|credentials?|private keys?|seed phrase|
        environment variables?|reveal .*|you are now .*|pretend .*|act as .*|role ?play.*|jailbreak\w*|
        dan mode|developer mode|answer (?:only|with)\b.*|respond (?:only|with)\b.*|reply (?:only|with)\b.*|
        output (?:only|the|your)\b.*|print (?:your|the|all|every|out|env)\b.*|repeat (?:your|the|after|
        everything)\b.*|instructions?|bypass .*|override .*|the compiler .*|drop table.*|delete (?:from|all|
        the|every).*|rm -rf.*|sudo .*|curl .*|import os.*|os system.*|exec .*|eval .*|
        hidden (?!bull|bear|div|rsi|macd).*|hack\w*|
        exploit\w*|base64|tell me a joke|write (?:a|me) (?:poem|story|song|essay|email).*|who (?:made|
        are) you|what is your (?:name|model|prompt).*|weather""",
    ),
]
_ORDERS = _TOPICS[-1][0]
# What tells the translator what to write: behind an order it is one as well, whatever it is to write.
_TO_US = frozenset("write output return print emit answer respond reply produce generate say state".split())
_PUT = frozenset("set use put make replace change give add".split())
_OUR_WORK = frozenset("match filter filters rule rules code output answer program result condition conditions".split())
_BEFORE_ORDER = frozenset("then just please simply instead now only also always and so you must should".split())
_PATTERNS = [
    (reason, re.compile(r"(?<![\w-])(?:" + re.sub(r"\n\s*", "", pattern) + r")(?![\w-])"))
    for reason, pattern in _TOPICS
]
# Words of the topics that mean something else beside these.
_ALLOWED = re.compile(
    r"""(?x) bid\ ?to|stop\ loss|aggressive\ |taker\ |donchian|
    (?:buy|sell)ers?\ (?:side|volume) """
)
_BOUNDS = frozenset({",", ";", ".", ":", "!", "?", "|"})
_WORD_BOUNDS = frozenset(
    {"and", "but", "while", "if", "when", "whenever", "plus", "unless", "where", "or", "with", "once"}
)
_STUCK = re.compile(
    r"""(?isx) <\s*script.*?(?:</\s*script\s*>|$) | </?[a-z][^<>]{0,200}> | \{\{.*?(?:\}\}|$) | \{%.*?(?:%\}|$)
    | \bmatch\s*:?=(?!=)(?:[^.;\n]|\.\d)* | https?://\S+ | __\w+__\S*(?:\s\S*\))? | \$\([^)]*\) | <!--.*?(?:-->|$) """
)
MAX_CLAUSES = 60


@dataclass(frozen=True, slots=True)
class Clause:
    """Words that were taken out (as offsets into the sentence), and why."""

    start: int
    end: int
    reason: str


def take_out(sentence: str, tokens: list[Token]) -> tuple[list[Token], list[Clause]]:
    """The tokens without the clauses that no filter can say; each leaves one full stop behind."""
    clauses = [Clause(m.start(), m.end(), "this is code or markup") for m in _STUCK.finditer(sentence)][:MAX_CLAUSES]
    clauses += [Clause(*found) for found in islice(of_the_account(sentence), MAX_CLAUSES)]
    ordered = False
    for first, after in _clauses(tokens):
        if len(clauses) >= MAX_CLAUSES:
            break
        words = [token.text for token in tokens[first:after]]
        reason = _ORDERS if ordered and _tells_us(words) else _reason(" ".join(words))
        ordered = ordered or reason == _ORDERS
        if reason is not None:
            after = _before_scope(tokens, first, after)
            first = _behind_scope(tokens, first, after)
            clauses.append(Clause(tokens[first].start, tokens[after - 1].end, reason))
    if not clauses:
        return tokens, []
    clauses = _merged(sorted(clauses, key=lambda clause: clause.start))
    out: list[Token] = []
    for token in tokens:
        inside = next((c for c in clauses if c.start <= token.start < c.end), None)
        if inside is None:
            out.append(token)
        elif not out or out[-1].start != inside.start or out[-1].text != ".":
            out.append(replace(token, kind="sign", text=".", value=0.0, start=inside.start, end=inside.start))
    return out, clauses


def _tells_us(words: list[str]) -> bool:
    """Whether a clause tells the translator what to write: "then write close > 0", "set the filter to close > 0"."""
    at = next((at for at, word in enumerate(words) if word not in _BEFORE_ORDER), 0)
    verb = words[at] if at < len(words) else ""
    return verb in _TO_US or (verb in _PUT and not _OUR_WORK.isdisjoint(words))


def _reason(text: str) -> str | None:
    if not text:
        return None
    plain = _ALLOWED.sub(" ", text)
    return next((reason for reason, pattern in _PATTERNS if pattern.search(plain)), None)


def _clauses(tokens: list[Token]) -> list[tuple[int, int]]:
    """Where each clause begins and where the next thing stands; signs and connectors divide."""
    found: list[tuple[int, int]] = []
    first = 0
    for at, token in enumerate(tokens):
        bound = token.text in _BOUNDS and token.kind == "sign"
        # "Answer only with the filter ..." is one clause.
        told = token.text == "with" and any(t.text in ("answer", "respond", "reply") for t in tokens[first:at])
        if bound or (token.text in _WORD_BOUNDS and not told):
            if at > first:
                found.append((first, at))
            first = at + 1
    if first < len(tokens):
        found.append((first, len(tokens)))
    return found


def _behind_scope(tokens: list[Token], first: int, after: int) -> int:
    """Where the clause begins without an interval at its head: "1h double bottom vibes" leaves "1h" to be read."""
    named = tokens[first].interval is not None and first + 1 < after
    return first + 1 if named and tokens[first + 1].kind in ("word", "multiple") else first


def _before_scope(tokens: list[Token], first: int, after: int) -> int:
    """Where the clause ends without a chart at its end: "hidden buying on the 4h" leaves "on the 4h" to be read."""
    at = after - 1
    if tokens[at].text in ("chart", "candles", "timeframe", "candle", "charts"):
        at -= 1
    if at <= first or not (tokens[at].kind == "span" or tokens[at].text in ("hourly", "daily", "weekly")):
        return after
    while at > first and tokens[at - 1].text in ("the", "on", "using", "a"):
        at -= 1
        if tokens[at].text in ("on", "using"):
            return max(at, first + 1)
    return after


def _merged(clauses: list[Clause]) -> list[Clause]:
    out: list[Clause] = []
    for clause in clauses:
        if out and clause.start <= out[-1].end:
            out[-1] = replace(out[-1], end=max(out[-1].end, clause.end))
        else:
            out.append(clause)
    return out
