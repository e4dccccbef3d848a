"""Words for times: hours of the day, zones and sessions, days, months, and the slots that read them."""

from __future__ import annotations

from llm.phrasebook.reading.phrase_tables import PhraseTable
from llm.phrasebook.reading.reader import Reader

ZONES = {
    "America/New_York": (
        "new york; ny; nyc; est; edt; et; eastern; eastern time; us eastern; us; new york city; wall street; "
        "american; eastern us"
    ),
    "Europe/London": "london; uk; british; bst; england; london local",
    "Europe/Berlin": "berlin; frankfurt; cet; cest; german; central european; germany; european; vienna; zurich",
    "Europe/Paris": "paris; french",
    "Asia/Tokyo": "tokyo; jst; japan; japanese; japan standard",
    "Asia/Hong_Kong": "hong kong; hkt; hk",
    "Asia/Singapore": "singapore; sgt",
    "Asia/Shanghai": "shanghai; beijing; china; chinese",
    "Asia/Seoul": "seoul; kst; korea; korean",
    "Asia/Kolkata": "india; ist; mumbai; delhi; indian; kolkata",
    "Asia/Dubai": "dubai; gst",
    "Europe/Moscow": "moscow; msk",
    "Australia/Sydney": "sydney; aest; aedt; australian",
    "America/Chicago": "chicago; cst; cdt; ct; us central",
    "America/Los_Angeles": "los angeles; pst; pdt; pacific; california; pacific time; san francisco",
    "America/Sao_Paulo": "sao paulo; brazil; brasilia",
    "UTC": "utc; gmt; zulu; z; universal; universal time",
}


# The usual hours of a session by name, local to its zone.
SESSIONS = {
    "America/New_York": ("09:30-16:00", "the New York session is 09:30 to 16:00 New York time"),
    "Europe/London": ("08:00-16:30", "the London session is 08:00 to 16:30 London time"),
    "Europe/Berlin": ("09:00-17:30", "the European session is 09:00 to 17:30 Berlin time"),
    "Asia/Tokyo": ("09:00-15:00", "the Asian session is 09:00 to 15:00 Tokyo time"),
    "Asia/Hong_Kong": ("09:30-16:00", "the Hong Kong session is 09:30 to 16:00"),
    "Australia/Sydney": ("10:00-16:00", "the Sydney session is 10:00 to 16:00"),
}


_DAYS = {
    "monday": 0,
    "mondays": 0,
    "mon": 0,
    "monday's": 0,
    "tuesday": 1,
    "tuesdays": 1,
    "tue": 1,
    "tues": 1,
    "wednesday": 2,
    "wednesdays": 2,
    "wed": 2,
    "thursday": 3,
    "thursdays": 3,
    "thu": 3,
    "thurs": 3,
    "friday": 4,
    "fridays": 4,
    "fri": 4,
    "saturday": 5,
    "saturdays": 5,
    "sunday": 6,
    "sundays": 6,
}


DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


_SHORT_MONTHS = {
    "jan": 1,
    "feb": 2,
    "apr": 4,
    "jun": 6,
    "jul": 7,
    "aug": 8,
    "sep": 9,
    "sept": 9,
    "oct": 10,
    "nov": 11,
    "dec": 12,
}


_MONTHS = {name: at + 1 for at, name in enumerate(MONTHS)} | _SHORT_MONTHS


_DAY_TABLE, _MONTH_TABLE = PhraseTable(_DAYS.items()), PhraseTable(_MONTHS.items())


_PART_WORDS = {"morning": 0, "afternoon": 12, "evening": 12, "night": 12}


_ZONE_TABLE = PhraseTable((text, zone) for zone, text in ZONES.items())


def time(r: Reader) -> object | None:
    """A time of day in minutes: "9:30", "14:00", "8am", "2 pm", "noon", "midnight", "four in the morning", "1400"."""
    mark = r.mark()
    if r.word("midnight"):
        return "00:00"
    if r.word("noon", "midday"):
        return "12:00"
    r.word("at", fill=False)
    token = r.token("number")
    span = None if token is not None else r.token("span")
    if token is None and span is not None and span.unit == "h" and span.text.endswith("h"):
        if r.word("chart", "charts", "timeframe", "timeframes", "time", "tf", "candle", "candles", "bar", "bars"):
            # "at the 1h timeframe" is an interval.
            r.reset(mark)
            return None
        return _clock(span.count, 0)  # "14h"
    if token is None or token.value != int(token.value) or token.value < 0:
        r.reset(mark)
        return None
    hour, minute = int(token.value), 0
    if hour > 24 and hour % 100 < 60 and hour <= 2400 and len(token.text) == 4:
        hour, minute = divmod(hour, 100)
        return _clock(hour, minute)
    if r.word(":", ".", "h", fill=False):
        after = r.token("number", fill=False)
        if after is None or after.value != int(after.value) or not 0 <= after.value < 60:
            r.reset(mark)
            return None
        minute = int(after.value)
    elif not token.text.isdigit() and token.value != int(token.value):
        r.reset(mark)
        return None
    r.word("o'clock", "oclock", "hours", "hundred", fill=False)
    if r.word("am", "a.m", "a.m.", fill=False):
        hour %= 12
    elif r.word("pm", "p.m", "p.m.", fill=False):
        hour = hour % 12 + 12
    else:
        part = r.mark()
        r.word("in", fill=False)
        r.word("the", fill=False)
        name = next((name for name in _PART_WORDS if r.word(name, fill=False)), None)
        if name is None:
            r.reset(part)
        elif hour <= 12:
            hour = hour % 12 + _PART_WORDS[name]
    return _clock(hour, minute)


def _clock(hour: int, minute: int) -> str | None:
    if hour == 24 and minute == 0:
        return "24:00"
    return f"{hour:02d}:{minute:02d}" if 0 <= hour < 24 else None


def read_zone(r: Reader) -> object | None:
    mark = r.mark()
    r.word("in", fill=False)
    r.word("(", fill=False)
    zone = _ZONE_TABLE.read(r)
    if zone is None:
        r.reset(mark)
        return None
    r.word("local", fill=False)
    r.word("time", "timezone", "hours", fill=False)
    r.word("zone", fill=False)
    r.word(")", fill=False)
    return zone


def session_zone(r: Reader) -> object | None:
    if r.word("asian", "asia"):
        return "Asia/Tokyo"
    if r.word("european", "europe", "eu"):
        return "Europe/Berlin"
    if r.word("us", "american", "america", "usa", "u.s."):
        return "America/New_York"
    zone = read_zone(r)
    return zone if zone in SESSIONS else None


def day(r: Reader) -> object | None:
    return _DAY_TABLE.read(r)


def days(r: Reader) -> object | None:
    """One or more days: "Mondays and Fridays", "Tuesday, Wednesday or Thursday"."""
    first = day(r)
    if not isinstance(first, int):
        return None
    found = [first]
    while True:
        mark = r.mark()
        r.word(",", "/", fill=False)
        r.word("and", "or", "&", fill=False)
        r.word("on", fill=False)
        token_before = r.position
        if token_before == mark.position:
            break
        other = day(r)
        if not isinstance(other, int):
            r.reset(mark)
            break
        found.append(other)
    return tuple(dict.fromkeys(found))


def month(r: Reader) -> object | None:
    return _MONTH_TABLE.read(r)


def ordinal(r: Reader) -> object | None:
    token = r.token("number")
    words = {
        "first": 1,
        "second": 2,
        "third": 3,
        "fourth": 4,
        "fifth": 5,
        "tenth": 10,
        "fifteenth": 15,
        "twentieth": 20,
    }
    if token is not None and token.value == int(token.value) and 1 <= token.value <= 31:
        r.word("st", "nd", "rd", "th", fill=False)
        return int(token.value)
    return next((number for word, number in words.items() if r.word(word)), None)


def day_span(r: Reader) -> object | None:
    token = r.token("span")
    return token.count if token is not None and token.unit == "d" and 1 <= token.count <= 31 else None


def hour_span(r: Reader) -> object | None:
    token = r.token("span")
    if token is not None and token.unit == "h" and 1 <= token.count < 24:
        return token.count
    return 1 if r.word("hour") else None
