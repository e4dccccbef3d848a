"""The words of market events: verbs of moving up and down, words for candles and volume, and the slots of the
templates.

A list is named in a template as `<up>`; a slot reads a value as `{pct}`. Both are shared by every module of events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from llm.phrasebook.meaning.types import Condition, Duration, Length, Operand, number
from llm.phrasebook.reading.lengths import read_length, whole
from llm.phrasebook.reading.phrase_tables import PhraseTable, SlotReader
from llm.phrasebook.reading.reader import Reader
from llm.phrasebook.vocabulary.tokens import UNIT_MS

DAY_MS = UNIT_MS["d"]
MAX_PERCENT = 10_000.0

LISTS: dict[str, str] = {
    "up": """
        up; up by; rises; rise; rose; risen; rising; gains; gain; gained; gaining; climbs; climb; climbed; climbing;
        jumps; jump; jumped; jumping; pumps; pump; pumped; pumping; rallies; rally; rallied; rallying; surges;
        surge; surged; surging; soars; soar; soared; soaring; rips; rip; ripped; ripping; pops; pop; popped;
        popping; moons; mooned; mooning; ran; runs; run; running; flies; flew; flown; flying; rockets; rocketed;
        rocketing; skyrockets; skyrocketed; explodes; exploded; exploding; adds; add; added; adding; advances;
        advance; advanced; advancing; increases; increase; increased; increasing; grows; grew; grown; appreciates;
        appreciated; spikes; spike; spiked; spiking; higher; up at; up about; in the green by; moves up; moved up;
        moving up; move up; goes up; gone up; went up; going up; go up; shoots up; shot up; shooting up; bounces;
        bounced; bounce; rebounds; rebounded;
        recovers; recovered; recover; has put on; puts on; put on; is green by; goes up by; makes;
        made; sends; sent; blasts; blasted; leaps; leapt; trades up; trading up; trades higher; is trading up""",
    "down": """
        down; down by; falls; fall; fell; fallen; falling; drops; drop; dropped; dropping; loses; lose; lost;
        losing; dips; dip; dipped; dipping; dumps; dump; dumped; dumping; crashes; crash; crashed; crashing; sinks;
        sink; sank; sunk; sinking; declines; decline; declined; declining; slides; slide; slid; sliding; nukes;
        nuked; nuking; tanks; tanked; tanking; plunges; plunge; plunged; plunging; plummets; plummet; plummeted;
        plummeting; bleeds; bleed; bled; bleeding; sheds; shed; craters; cratered; collapses; collapsed; collapse;
        tumbles; tumbled; tumble; sells off; sold off; selling off; sell off; corrects; corrected; correct;
        decreases; decrease; decreased; retraces; retraced; lower; in the red by; off; slips; slipped; slip; moves
        down; moved down; move down; moving down; goes down; gone down; went down; go down; going down; pulls back;
        pulled back; pull back; depreciates; depreciated; wicks down; gives up; gave up; given up; rugged; rugs; is
        red by; trades down; trading down; trades lower; is trading down; flushes; flushed; knifes; knifed""",
    "moved": "moves; move; moved; moving; changes; change; changed; swings; swung; swing; fluctuates; fluctuated",
    "up_noun": """
        gain; gains; rise; rally; rallies; pump; pumps; increase; jump; jumps; surge; advance; move up; up move;
        upmove; upside move; move higher; rip; spike; pop; run; leg up; bounce; rebound; green candle; bullish
        candle; up candle; green bar; bullish bar; green move; bullish move; move to the upside; run up; run-up;
        recovery; upward move; move upward; move upwards""",
    "down_noun": """
        drop; drops; fall; falls; decline; declines; dip; dips; dump; dumps; decrease; move down; down move;
        downmove; loss; losses; crash; sell off; selloff; sell-off; correction; plunge; slide; nuke; drawdown; red
        candle; bearish candle; down candle; red bar; bearish bar; leg down; pullback; pull back; retracement; move
        lower; move to the downside; flush; slump; downward move""",
    "move_noun": "move; change; swing; price move; price change; price movement; movement; candle; bar; price swing",
    "any_way": """
        in either direction; either way; up or down; in any direction; either direction; in one direction or the
        other; in both directions; in absolute terms; one way or the other""",
    "more": """
        or more; or higher; or greater; and more; and up; plus; +; or better; or above; or over; minimum; at least;
        or so""",
    "candle": "candle; candles; bar; bars; candlestick; candlesticks; period; periods",
    "this_candle": """
        on the candle; in a candle; in one candle; in a single candle; within one candle; within a candle; on this
        candle; in this candle; on the bar; in a bar; in one bar; in a single bar; within a single candle; on a
        single candle; on one candle; per candle; within one bar; on the current candle; in the current candle; from
        close to close; on a candle; in just one candle; since the last candle; from the previous close; since the
        previous close; from the last close; versus the previous close; from the prior close; since the previous
        candle; from the previous candle; against the previous close; candle to candle; close to close;
        from the previous candle's close; from the last candle's close; from the prior candle's close;
        versus the previous candle; compared with the previous candle; compared to the previous candle""",
    "today": """
        today; on the day; this day; so far today; for the day; intraday; on day; in a day; in one day; in a single
        day""",
    "day_window": """
        in a day; in one day; within a day; within one day; in the last day; over the last day; in the past day;
        over the past day; over a day; over the day; during the day; 24h; 24 h; on the 24h; daily; a day""",
    "since_open": """
        since midnight; since the daily open; from the daily open; since the day's open; since the open; from the
        open; since today's open; from today's open; since the day open; since the start of the day; from the day's
        open; since the open of the day; since midnight utc""",
    "since_week": """
        this week; since the weekly open; since monday; from the weekly open; since the start of the week; week to
        date; so far this week; since the week's open; on the week; for the week""",
    "since_month": """
        this month; since the monthly open; since the start of the month; from the monthly open; month to date; so
        far this month; on the month""",
    "row": """
        in a row; in row; consecutive; consecutively; straight; in succession; running; back to back; successive; on the
        trot; one after another; one after the other; in sequence; in a sequence; on the bounce; uninterrupted""",
    "volume": "volume; vol; trading volume; traded volume; volumes; candle volume; the volume; market volume",
    "average": """
        average; avg; mean; norm; usual; normal; typical; usually; moving average; ma; sma; simple average; simple
        moving average; baseline; average volume; avg volume; normal volume; usual volume; mean volume; volume
        average; regular; average level""",
    "is": """
        is; was; at; of; are; were; hits; reaches; comes in at; stands at; runs at; goes to; like; has; being; to;
        with; on; jumps to; ran at; makes up""",
    "than": "than; of; to; as; the; its; then; against; versus; vs; over; compared with; compared to; relative to",
    "symbols": """
        symbols; coins; pairs; markets; tokens; assets; alts; altcoins; market; the market; all symbols; all coins;
        the coins; cryptos; the symbols; the whole market; all markets; all pairs; all the coins; all assets; the
        universe; instruments; all tokens; names""",
}


@dataclass(frozen=True, slots=True)
class Window:
    """What a move is measured over: a length, or since the open of a higher candle ("1d", "1w", "1M")."""

    length: Length | None = None
    since: str = ""
    named_day: bool = False


def _percent(r: Reader) -> object | None:
    token = r.token("percent")
    return token.value if token is not None and 0 < token.value <= MAX_PERCENT else None


def _distance(r: Reader) -> object | None:
    """A percentage whose sign only repeats the words: "-7% from the high"."""
    token = r.token("percent")
    return abs(token.value) if token is not None and 0 < abs(token.value) <= MAX_PERCENT else None


def _value(r: Reader) -> object | None:
    """A number or percentage with its sign."""
    token = r.token("percent") or r.token("number")
    return None if token is None else token.value


def _signed_percent(r: Reader) -> object | None:
    token = r.token("percent")
    if token is None or token.text[0] not in "+-" or not 0 < abs(token.value) <= MAX_PERCENT:
        return None
    return token.value


def _half(r: Reader) -> object | None:
    """ "half", "a third", "two thirds", "a quarter": a share in percent, or a percentage."""
    share = _SHARES.read(r)
    return _percent(r) if share is None else share


_SHARES = PhraseTable(
    (
        ("two thirds", 200 / 3),
        ("three quarters; three fourths", 75.0),
        ("a third; one third; third", 100 / 3),
        ("a quarter; one quarter; quarter", 25.0),
        ("a fifth; one fifth; fifth", 20.0),
        ("a tenth; one tenth; tenth", 10.0),
        ("half; a half; one half", 50.0),
    )
)


def _number(r: Reader) -> object | None:
    token = r.token("number")
    return None if token is None else token.value


def _count(r: Reader) -> object | None:
    token = r.token("number")
    return None if token is None else whole(token)


def _multiple(r: Reader) -> object | None:
    """ "3x", "three times", "twice", "double"; a factor of more than nothing."""
    if r.word("half"):
        r.word("of", fill=False)
        return 0.5
    token = r.token("multiple")
    if token is None or not 0 < token.value <= 1_000:
        return None
    return token.value


COMPARISONS: dict[str, str] = {
    ">": """
        more than; over; above; greater than; bigger than; larger than; higher than; >; exceeds; exceeding; in
        excess of; beyond; upwards of; exceed; exceeded; stronger than; longer than; wider than; north of;
        outweighs; outweigh; tops; topping; better than; heavier than; well over; well above; taller than; beats;
        dwarfs; passes; more then""",
    ">=": """
        at least; no less than; not less than; a minimum of; minimum; minimum of; >=; ≥; at or above; or more than;
        min; not below; at least at""",
    "<": """
        less than; under; below; smaller than; lower than; fewer than; <; beneath; shorter than; narrower than;
        tighter than; south of; weaker than; lighter than; thinner than; well under; well below""",
    "<=": """
        at most; no more than; not more than; a maximum of; maximum; <=; ≤; at or below; max; up to; not above; no
        greater than; not over""",
}
_COMPARISON_TABLE = PhraseTable((text, op) for op, text in COMPARISONS.items())


def _compare(r: Reader) -> object | None:
    return _COMPARISON_TABLE.read(r)


def _window(r: Reader) -> object | None:
    """ "in the last 3 candles", "over 4 hours", "within a day", "this week", "on the candle"."""
    mark = r.mark()
    named = _NAMED_WINDOWS.read(r, fill=False)
    if named is not None:
        return named
    r.word("in", "over", "within", "during", "for", "across", "inside", "of", "from", fill=False)
    r.word("just", "only", "under", "about", "like", "less", fill=True)
    r.word("than", fill=False)
    r.word("the", "a", "any", fill=False)
    r.word(
        "last",
        "past",
        "previous",
        "prior",
        "preceding",
        "most",
        "recent",
        "latest",
        "course",
        "span",
        "space",
        fill=False,
    )
    r.word("recent", "of", fill=False)
    if r.position == mark.position:
        span = r.token("span", fill=False)
        return None if span is None else Window(Duration(int(span.value)))
    r.word("the", "a", fill=False)
    length = read_window_length(r)
    if length is None:
        r.reset(mark)
        return None
    return Window(length)


def read_window_length(r: Reader) -> Length | None:
    """ "20 candles", "20 hourly candles", "24 1h bars", "4 hours", "hour", "couple of hours"."""
    mark = r.mark()
    token = r.token("number")
    if token is not None and (length := whole(token)) is not None:
        after = r.mark()
        if r.interval(fill=False) is not None and r.take("candle", fill=False):
            # The interval is read again by the sentence: "over the last 24 hourly bars" names it.
            r.reset(after)
            return length
        r.reset(after)
        if r.word("month", "months", fill=False):
            return Duration(30 * DAY_MS * length)
        if r.word("year", "years", fill=False):
            return Duration(365 * DAY_MS * length)
        r.take("candle", fill=False)
        return length
    r.reset(mark)
    if r.word("month", fill=False):
        return Duration(30 * DAY_MS)
    if r.word("year", fill=False):
        return Duration(365 * DAY_MS)
    if r.word("fortnight", fill=False):
        return Duration(14 * DAY_MS)
    if r.word("half", fill=False) and r.word("an", fill=False) and r.word("hour", fill=False):
        return Duration(30 * UNIT_MS["m"])
    r.reset(mark)
    return read_length(r)


_NAMED_WINDOWS = PhraseTable(
    (
        (LISTS["this_candle"], Window(1)),
        (LISTS["since_open"], Window(since="1d")),
        (LISTS["since_week"], Window(since="1w")),
        (LISTS["since_month"], Window(since="1M")),
        (LISTS["today"], Window(Duration(DAY_MS), named_day=True)),
        (LISTS["day_window"], Window(Duration(DAY_MS))),
    )
)


def day_span(r: Reader) -> object | None:
    """ "24h", "24 hour", "daily", "day's": the last 24 hours as an adjective."""
    mark = r.mark()
    token = r.token("span")
    if token is not None and token.value == DAY_MS:
        return True
    r.reset(mark)
    return True if r.word("daily", "24hr", "day", "day's", "today's") else None


def _length(r: Reader) -> object | None:
    return read_window_length(r)


def _interval(r: Reader) -> object | None:
    return r.interval()


def _coin(r: Reader) -> object | None:
    return r.coin()


Conditions = Callable[[Reader], Condition | None]
MAX_DEPTH = 2


@dataclass(slots=True)
class _Nested:
    """How whole conditions are read within templates, and how deep that is going on."""

    read: Conditions | None = None
    depth: int = 0


_NESTED = _Nested()


def use_conditions(read: Conditions) -> None:
    """Let `{condition}` read whole conditions: "60% of all symbols are above their 50 SMA"."""
    _NESTED.read = read


def reading_nested() -> bool:
    """Whether a condition within a template is being read: what follows it belongs to the whole."""
    return _NESTED.depth > 0


def nested_condition(r: Reader) -> Condition | None:
    """A whole condition within a template; these go two deep at most, so that the work stays bounded."""
    if _NESTED.read is None or _NESTED.depth >= MAX_DEPTH:
        return None
    _NESTED.depth += 1
    try:
        return _NESTED.read(r)
    finally:
        _NESTED.depth -= 1


SLOTS: dict[str, SlotReader] = {
    "condition": nested_condition,
    "pct": _percent,
    "signed": _signed_percent,
    "value": _value,
    "distance": _distance,
    "share": _half,
    "num": _number,
    "count": _count,
    "x": _multiple,
    "cmp": _compare,
    "window": _window,
    "length": _length,
    "interval": _interval,
    "coin": _coin,
}

Op = Literal["<", "<=", ">", ">="]


def series(template: str, noun: str, unit: str = "", *parts: Operand, args: tuple[float | Length, ...] = ()) -> Operand:
    """An operand made of a template of filter code."""
    return Operand("formula", args, template=template, parts=parts, noun=noun, unit=unit)


def plain(value: float) -> str:
    """A number as filter code."""
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return text or "0"


def of_symbol(operand: Operand, symbol: str | None) -> Operand:
    """The operand of another symbol."""
    if symbol is None:
        return operand
    return replace(operand, symbol=symbol, parts=tuple(of_symbol(part, symbol) for part in operand.parts))


CLOSE = Operand("close")
ZERO = number(0.0)
