"""The word lists of colours, parts and patterns of candles: named in templates as `<name>`, phrases separated by
semicolons."""

WORDS: dict[str, str] = {
    "green": "green; bullish; white; up; rising; positive; blue; advancing",
    "red": "red; bearish; black; down; falling; negative; declining",
    "past": "last; past; previous; prior; preceding; latest; most recent",
    "turn": """
        turns; turn; turned; turning; flips; flip; flipped; flipping; goes; going; went; has turned; has just turned;
        just turned; is turning; now turning""",
    "patternword": """
        pattern; candle; candlestick; bar; formation; candlestick pattern; candle pattern; signal; reversal; reversal
        pattern; setup""",
    "most": "largest; biggest; widest; highest; longest; greatest; most",
    "least": "smallest; narrowest; tightest; lowest; shortest; least",
    "of": """
        of; in; over; from; within; during; for; of the; in the; over the; within the; during the; for the; among the;
        across the""",
    "compareless": "is; was",
    "atr": "atr; atrs; average true range; average true ranges; true ranges; average range",
    "inside": """
        inside bar; inside candle; inside day; inside bars; inside candles; inside days; inside week; inside
        candlestick""",
    "outside": "outside bar; outside candle; outside day; outside bars; outside candles; outside days; outside week",
    "fits": """
        fits completely inside; is completely inside; is inside; lies inside; fits inside; is contained in; stays
        inside; stays within; is within; inside; trades inside; fits within; sits inside; sits within; completely
        inside; entirely inside; is entirely inside""",
    "beforeone": """
        candle before; bar before; previous candle; previous bar; prior candle; prior bar; day before; previous day;
        last candle; preceding candle; last bar; one before; week before; previous day's range; previous candle's
        range; prior candle's range; previous bar's range; range of the previous candle; range of the candle before;
        yesterday's range; prior day""",
}
