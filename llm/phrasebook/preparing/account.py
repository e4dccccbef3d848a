"""What is said of the account's trades, as words to be taken out: how many there may be, and a part of one sold.

A filter knows one trade and ends it as a whole, so neither says when it begins, ends, or which way it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LIMITED = "how many trades there may be is a setting of the account"
IN_PARTS = "a filter ends a trade as a whole, not in parts"

_COUNT = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|a\ single)"
_MOST = r"""(?:max(?:imum)?(?:\ of)?|at\ most|no\ more\ than|not\ more\ than|never\ more\ than|up\ to|
    (?:a\ )?limit\ of|limit(?:ed)?\ to|keep\ (?:it\ )?to)"""
_TRADES = r"""(?:(?:open|new|concurrent|simultaneous|parallel|running|losing|winning|long|short)\ )*
    (?:trades?|entries|entry|positions?|signals?|orders?|longs|shorts|setups?|buys|sells)"""
_DAY = r"(?:day|week|month|session|hour|candle|symbol|coin|pair|asset|market|setup)"
_RATE = rf"""(?:(?:per|a|an|each|every|in\ a|in\ one|on\ the\ same)\ (?:calendar\ |trading\ )?{_DAY}|at\ a\ time|
    at\ once|at\ the\ same\ time|open|daily|weekly|today|simultaneously|concurrently|in\ parallel|overall|in\ total)"""
# "No more than 20 trades in the last hour" counts the market's own.
_OF_MARKET = r"(?!\ (?:in|over|within|during|of)\ (?:the\ |this\ |each\ )?(?:last|past|previous|candle|bar))"
_LIMIT = rf"""{_MOST}\ {_COUNT}\ {_TRADES}\b{_OF_MARKET}(?:\ {_RATE})*
    | (?:max|at\ most|no\ more\ than|up\ to)\ (?:{_COUNT}\ (?:times?\ )?|once\ |twice\ )(?:per|a)\ {_DAY}\b
    | (?:(?:only|just)\ )?{_COUNT}\ {_TRADES}\ (?:max(?:imum)?\b(?:\ {_RATE})*|{_RATE})
    | max(?:imum)?\ (?:open\ |concurrent\ |daily\ )*(?:trades|positions|entries)\ ?(?:(?:per|a)\ (?:day|week)\ ?)?
    (?:[:=]|is|of)?\ ?{_COUNT}"""

_PART = r"""(?:a\ |the\ first\ |the\ other\ |another\ |one\ )?(?:half|thirds?|quarter|part|some|portion|two\ thirds|
    three\ quarters|50\ ?%|25\ ?%|33\ ?%|75\ ?%|1/2|1/3|1/4)"""
_REST = r"(?:the\ )?(?:rest|remainder|remaining\ (?:half|part|position|third|\d+\ ?%)|other\ half|balance)"
_WHOSE = r"(?:\ (?:of\ )?(?:it|the\ position|my\ position|the\ trade|position))?(?:\ (?:off|out|profits?))*"
_WHEN = r"(?=\ (?:at|when|once|if|on|after|around|near|with|there|is|runs?|and)\b|\s*(?:[,;.!?]|$))"
_SELL = r"(?:sell|selling|close|closing|close\ out|take|taking|book|trim|cover|exit|dump|unload|scale\ out|bank|tp|let)"
# The next thing that is said, whatever joins it: "sell half at 2R and buy when ...".
_NEXT = rf"""(?:\b(?:and|then)\ (?!(?:(?:then|{_SELL})\ )*(?:{_REST}|another|the\ other)\b)|\b(?:buy|long|short|entry|
    enter|stop|target)\b)"""
_PARTS = rf"""(?:{_SELL}\ (?:off\ |out\ )?(?:{_PART}|{_REST})|{_REST}){_WHOSE}{_WHEN}(?:(?!{_NEXT})(?:[^,;.!?\n]|\.\d))*
    (?:,\ (?:and\ |then\ |{_SELL}\ )*{_REST}{_WHEN}(?:(?!{_NEXT})(?:[^,;.!?\n]|\.\d))*)*"""
_PATTERNS = [
    (LIMITED, re.compile(rf"(?ix)(?<![\w-])(?:{_LIMIT})(?![\w-])")),
    (IN_PARTS, re.compile(rf"(?ix)(?<![\w-])(?:{_PARTS})")),
]


def of_the_account(sentence: str) -> Iterator[tuple[int, int, str]]:
    """Where such words begin and end in the sentence, and why no filter can say them."""
    for reason, pattern in _PATTERNS:
        for found in pattern.finditer(sentence):
            yield found.start(), found.end(), reason
