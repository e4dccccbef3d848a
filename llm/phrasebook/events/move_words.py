"""The word lists of percent moves, distances and gaps: named in templates as `<name>`, phrases separated by
semicolons."""

WORDS: dict[str, str] = {
    "q": "?; !; ,; :",
    "pumping": """
        pumping; mooning; ripping; flying; running; moving up; rallying; surging; sending; popping; pumped; gaining;
        rising; hot""",
    "dumping": """
        dumping; crashing; bleeding; tanking; nuking; falling; dropping; moving down; sinking; plunging; selling off""",
    "rn": "rn; right now; now; currently; today; atm; hard",
    "gapverb": "gap; gaps; gapped; gapping; gap-up; opens with a gap; opens with gap",
    "gapup": "up; higher; above; upward; upwards; to the upside",
    "gapdown": "down; lower; below; downward; downwards; to the downside",
    "below": """
        below; under; beneath; off; off of; from; down from; lower than; away from; beneath; off from; off its; down
        off; underneath""",
    "above": "above; over; off; off of; from; up from; higher than; away from; up off",
    "near": "near; close to; around; at; nearing; approaching; right below; right at; just below; close by",
    "within": "within; inside; less than; no more than; not more than; at most; closer than; not further than; under",
    "prevclose": """
        previous close; prior close; last close; close before; previous candle's close; yesterday's close; close of
        the candle before; previous day's close; prior candle's close; last candle's close; preceding close""",
    "candlenoun": """
        green candle; bullish candle; up candle; green bar; bullish bar; white candle; up bar; candle up; bar up""",
    "redcandle": """
        red candle; bearish candle; down candle; red bar; bearish bar; black candle; down bar; candle down; bar down""",
    "changeword": ("change; return; performance; price change; percent change; percentage change; move; pct change"),
    "prevcandle": """
        previous candle; candle before; last candle; previous bar; prior candle; bar before; last bar; previous one;
        day before; previous day""",
    "price": """
        price; close; it; coin; the coin; candle; the candle; the price; anything; symbol; pair; token; px; the
        market""",
}
