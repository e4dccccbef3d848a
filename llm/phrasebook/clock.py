"""Times: hours of the day and sessions in any zone, days of the week, days of the month, months.

Times are UTC where no zone is named. A range includes its first hour and leaves out its last ("between 8 and 10" are two
hours), and one that ends before it begins goes over midnight.
"""

from __future__ import annotations

from llm.phrasebook.event_words import LISTS, SLOTS
from llm.phrasebook.meaning import Condition, Formula
from llm.phrasebook.phrases import Found, Grammar, PhraseTable
from llm.phrasebook.reader import Reader

ZONES = {
    "America/New_York": (
        "new york; ny; nyc; est; edt; et; eastern; eastern time; us eastern; us; new york city; wall street; "
        "american; eastern us"
    ),
    "Europe/London": "london; uk; british; bst; england; london local",
    "Europe/Berlin": "berlin; frankfurt; cet; cest; german; central european; germany; european; vienna; zurich; europe",
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
    "monday": 0, "mondays": 0, "mon": 0, "monday's": 0, "tuesday": 1, "tuesdays": 1, "tue": 1, "tues": 1, "wednesday": 2, "wednesdays": 2, "wed": 2,
    "thursday": 3, "thursdays": 3, "thu": 3, "thurs": 3, "friday": 4, "fridays": 4, "fri": 4, "saturday": 5, "saturdays": 5, "sunday": 6, "sundays": 6,
}  # fmt: skip
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


def _time(r: Reader) -> object | None:
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


def _zone(r: Reader) -> object | None:
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


def _session_zone(r: Reader) -> object | None:
    if r.word("asian", "asia"):
        return "Asia/Tokyo"
    if r.word("european", "europe", "eu"):
        return "Europe/Berlin"
    if r.word("us", "american", "america", "usa", "u.s."):
        return "America/New_York"
    zone = _zone(r)
    return zone if zone in SESSIONS else None


def _day(r: Reader) -> object | None:
    return _DAY_TABLE.read(r)


def _days(r: Reader) -> object | None:
    """One or more days: "Mondays and Fridays", "Tuesday, Wednesday or Thursday"."""
    first = _day(r)
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
        other = _day(r)
        if not isinstance(other, int):
            r.reset(mark)
            break
        found.append(other)
    return tuple(dict.fromkeys(found))


def _month(r: Reader) -> object | None:
    return _MONTH_TABLE.read(r)


def _zone_of(m: Found) -> str:
    zone = m.get("zone", str)
    if zone is None:
        m.note("Times are UTC: no zone was named.")
        return "UTC"
    return zone


def _between(m: Found) -> Condition | None:
    start, end = m.word("start"), m.word("end")
    if end == "24:00":
        end = "00:00"
    words = m.text.split()
    plain = not {":", "am", "pm", "noon", "midnight", "o'clock", "morning", "afternoon", "evening", "hours"} & set(
        words
    )
    if not start or not end or start == end or start == "24:00" or (plain and "zone" not in m):
        return None
    if (
        "pm" in words
        and "am" not in words
        and ":" not in words
        and start < "12:00" <= end
        and int(start[:2]) + 12 < int(end[:2])
    ):
        # "between 2 and 4 pm".
        start = f"{int(start[:2]) + 12:02d}{start[2:]}"
    zone = _zone_of(m)
    return Formula(f'session("{start}-{end}", "{zone}")', brief=f"{start} to {end}", reading=_reading(start, end, zone))


def _reading(start: str, end: str, zone: str) -> str:
    return f"The candle opens between {start} and {end}, {zone} time"


def _session(m: Found) -> Condition | None:
    zone = m.word("session")
    hours, said = SESSIONS[zone]
    m.note(f"By its usual hours {said}.")
    start, end = hours.split("-")
    return Formula(f'session("{hours}", "{zone}")', brief="session", reading=_reading(start, end, zone))


def _session_start(m: Found) -> Condition | None:
    """ "the first hour of the New York session"."""
    zone = m.word("session")
    hours, said = SESSIONS[zone]
    m.note(f"By its usual hours {said}.")
    start = hours.split("-")[0]
    count = m.values.get("count", 1)
    if not isinstance(count, int) or not 0 < count < 12:
        return None
    end = f"{int(start[:2]) + count:02d}:{start[3:]}"
    return Formula(f'session("{start}-{end}", "{zone}")', brief="session's start", reading=_reading(start, end, zone))


def _hour(m: Found) -> Condition | None:
    """ "at 14:00": candles that open in that hour; "after 20:00", "before 8am"."""
    time = m.word("start")
    if not time:
        return None
    zone = _zone_of(m)
    where = "hour" if zone == "UTC" else f'hour("{zone}")'
    hour, minute = int(time[:2]), int(time[3:])
    words = m.text.split()
    if {"after", "from", "since", "past"} & set(words):
        if time == "00:00":
            return None
        text = f"{where} >= {hour}" if not minute else f'session("{time}-00:00", "{zone}")'
        reading = f"The candle opens at or after {time}, {zone} time"
    elif {"before", "until", "till"} & set(words):
        if time in ("00:00",):
            return None
        text = f"{where} < {hour}" if not minute else f'session("00:00-{time}", "{zone}")'
        reading = f"The candle opens before {time}, {zone} time"
    else:
        if minute:
            minutes = f"minute == {minute}" if zone == "UTC" else f'minute("{zone}") == {minute}'
            text = f"{where} == {hour} and {minutes}"
            reading = f"The candle opens at {time}, {zone} time"
        else:
            text = f"{where} == {hour}"
            m.note(f"“{m.text}” became: the candle opens within the hour that begins at {time}.")
            reading = f"The candle opens in the hour from {time}, {zone} time"
    return Formula(text, brief=f"hour {time}", reading=reading)


def _first_hours(m: Found) -> Condition | None:
    """ "the first 4 hours of the day"."""
    count = m.values.get("count", 1)
    if not isinstance(count, int) or not 0 < count < 24:
        return None
    zone = m.get("zone", str) or "UTC"
    where = "hour" if zone == "UTC" else f'hour("{zone}")'
    return Formula(
        f"{where} < {count}",
        brief="first hours",
        reading=f"The candle opens in the first {count} hours of the day, {zone} time",
    )


def _last_hours(m: Found) -> Condition | None:
    count = m.values.get("count", 1)
    if not isinstance(count, int) or not 0 < count < 24:
        return None
    return Formula(
        f"hour >= {24 - count}",
        brief="last hours",
        reading=f"The candle opens in the last {count} hours of the day, UTC",
    )


def _weekdays(m: Found) -> Condition | None:
    days = m.values.get("days")
    if not isinstance(days, tuple):
        return None
    zone = m.get("zone", str) or "UTC"
    where = "weekday" if zone == "UTC" else f'weekday("{zone}")'
    text = " or ".join(f"{where} == {day}" for day in days)
    names = " or ".join(DAY_NAMES[day] for day in days)
    return Formula(text, brief=names, reading=f"It is {names}, {zone}")


def _day_range(m: Found) -> Condition | None:
    first, last = m.values.get("first"), m.values.get("last")
    if not isinstance(first, int) or not isinstance(last, int):
        return None
    text = f"between(weekday, {first}, {last})" if first <= last else f"(weekday >= {first} or weekday <= {last})"
    return Formula(
        text,
        brief=f"{DAY_NAMES[first]} to {DAY_NAMES[last]}",
        reading=f"It is {DAY_NAMES[first]} to {DAY_NAMES[last]}, UTC",
    )


def _weekend(m: Found) -> Condition | None:
    return Formula("weekday >= 5", brief="weekend", reading="It is Saturday or Sunday, UTC")


def _working(m: Found) -> Condition | None:
    return Formula("weekday < 5", brief="weekday", reading="It is Monday to Friday, UTC")


def _month_days(m: Found) -> Condition | None:
    """ "the first five days of the month", "on the 1st of the month", "between the 10th and the 20th"."""
    count = m.values.get("count")
    if not isinstance(count, int) or not 1 <= count <= 31:
        return None
    words = m.text.split()
    if "first" in words:
        return Formula(
            f"day <= {count}",
            brief="start of the month",
            reading=f"It is one of the first {count} days of the month, UTC",
        )
    if "after" in words:
        return Formula(
            f"day > {count}", brief="day of the month", reading=f"It is after the {count}. of the month, UTC"
        )
    if "before" in words:
        return Formula(
            f"day < {count}", brief="day of the month", reading=f"It is before the {count}. of the month, UTC"
        )
    last = m.values.get("last")
    if isinstance(last, int):
        return Formula(
            f"between(day, {count}, {last})",
            brief="days of the month",
            reading=f"It is day {count} to {last} of the month, UTC",
        )
    return Formula(f"day == {count}", brief="day of the month", reading=f"It is day {count} of the month, UTC")


def _span_days(m: Found) -> Condition | None:
    days = m.values.get("dayspan")
    return (
        None
        if not isinstance(days, int)
        else Formula(
            f"day <= {days}",
            brief="start of the month",
            reading=f"It is one of the first {days} days of the month, UTC",
        )
    )


def _month_start(m: Found) -> Condition | None:
    return Formula("day == 1", brief="first of the month", reading="It is the first day of the month, UTC")


def _half_month(m: Found) -> Condition | None:
    first = "first" in m.text.split()
    return Formula(
        "day <= 15" if first else "day > 15",
        brief="half of the month",
        reading=f"It is day {'1 to 15' if first else '16 or later'} of the month, UTC",
    )


def _in_month(m: Found) -> Condition | None:
    first, last = m.values.get("month"), m.values.get("until")
    if not isinstance(first, int):
        return None
    name = MONTHS[first - 1].capitalize()
    if isinstance(last, int):
        to = MONTHS[last - 1].capitalize()
        text = f"between(month, {first}, {last})" if first <= last else f"(month >= {first} or month <= {last})"
        return Formula(text, brief=f"{name} to {to}", reading=f"It is {name} to {to}, UTC")
    return Formula(f"month == {first}", brief=name, reading=f"It is {name}, UTC")


def _period_start(m: Found) -> Condition | None:
    words = m.text.split()
    label = (
        "1w"
        if {"week", "weekly"} & set(words)
        else "1M"
        if {"month", "monthly"} & set(words)
        else "1d"
        if {"day", "daily"} & set(words)
        else "1h"
    )
    name = {"1w": "week", "1M": "month", "1d": "day", "1h": "hour"}[label]
    return Formula(
        f'tf("{label}").first',
        brief=f"first candle of the {name}",
        reading=f"It is the first candle of a new {name}, UTC",
    )


def _ordinal(r: Reader) -> object | None:
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


def _day_span(r: Reader) -> object | None:
    token = r.token("span")
    return token.count if token is not None and token.unit == "d" and 1 <= token.count <= 31 else None


def _hour_span(r: Reader) -> object | None:
    token = r.token("span")
    if token is not None and token.unit == "h" and 1 <= token.count < 24:
        return token.count
    return 1 if r.word("hour") else None


def _grammar() -> Grammar[Condition]:
    lists = LISTS | {
        "between": "between; from; in the window; during; in",
        "to": "and; to; until; till; - ; through; up to",
        "only": (
            "only; on; during; in; at; only on; only during; only in; on a; for; throughout; on the; just on; "
            "exclusively on; within; during the; in the"
        ),
        "session": (
            "session; hours; trading hours; market hours; trading session; open hours; market; morning session; "
            "trading day; day session"
        ),
        "candleword": "candle; candles; bar; bars; hourly candles; the candle",
    }
    slots = SLOTS | {
        "start": _time, "end": _time, "zone": _zone, "session": _session_zone, "days": _days, "first": _day, "last": _day, "month": _month,
        "until": _month, "ordinal": _ordinal, "dayspan": _day_span, "hourspan": _hour_span,
    }  # fmt: skip
    g: Grammar[Condition] = Grammar(lists, slots)
    g.add(
        _between,
        "<between>? [the hours of / the hours]? {start} [{zone:zone}]? <to> {end} [o'clock]? {zone}?",
        "{start} - {end} {zone}?",
        "<between> {start} {end} {zone}",
        "[after / from] {start} [{zone}]? [and / but / ,]? [before / until / till / to] {end} {zone}?",
    )
    g.add(
        _session_start,
        "first {count:hourspan} [of / after] [the]? {session} [<session> / open]",
        "{session} [open / opening] [hour]",
        "first hour [of / after] [the]? {session} [<session> / open]?",
    )
    g.add(_session, "<only>? [the]? {session} <session>", "[while / when] [the]? {session} [<session>]? is open")
    g.add(_first_hours, "first {count:hourspan} of [the / each / every]? [utc]? day {zone}?")
    g.add(_last_hours, "last {count:hourspan} of [the / each / every]? [utc]? day")
    g.add(
        _hour,
        "[after / before / from / until / till / since / past] {start} [o'clock]? {zone}",
        "only [after / before] {start} {zone}?",
        "at {start} [o'clock]? {zone}?",
        "[in / during] the {start} [{zone}]? hour {zone}?",
        "[opens / opening / opened / starting / starts] at {start} {zone}?",
        "hour is {start} {zone}?",
    )
    g.add(
        _day_range,
        "<only>? [from]? {first} [to / through / until / till / - / thru] {last} [only]?",
        "<only>? between {first} and {last}",
    )
    g.add(
        _weekdays,
        "<only>? {days} [only / utc / candle / candles]? {zone}?",
        "[it / today] is [a]? {days}",
        "[if]? it's [a]? {days}",
        "day of the week is {days}",
    )
    g.add(_weekend, "<only>? [the]? weekend|weekends [only]?", "weekend [candles / candle / days]")
    g.add(_working, "<only>? weekday|weekdays|workdays [only]?", "<only>? [business / working / week] days [only]?")
    g.add(_span_days, "<only>? [in / during]? [the]? first {dayspan} of [the / each / every / a]? month")
    g.add(_half_month, "<only>? [in]? [the]? [first / second] half of [the / each / every]? month")
    g.add(
        _month_start,
        "<only>? [the]? [first / 1st] [day]? of [the / each / every / a]? month",
        "[on / at] [the]? [month start / start of the month / beginning of the month]",
    )
    g.add(
        _month_days,
        "<only>? [the]? first {count} days of [the / each / every]? month",
        "<only>? [the]? first {count} days in [the / each / every]? month",
        "<only>? [the]? {count:ordinal} [day]? of [the / each / every / a]? month",
        "[on / only on]? day {count} of [the / each / every]? month",
        "[between / from] [the]? {count:ordinal} [and / to] [the]? {last:ordinal} of [the / each / every]? month",
        "[after / before] the {count:ordinal} of [the / each / every]? month",
    )
    g.add(
        _in_month,
        "<only>? [from / between]? {month} [to / and / through / until] {until}",
        "[in / during / only in / only during / every] [the month of]? {month}",
        "month is {month}",
    )
    g.add(
        _period_start,
        "[on / at]? [the]? [first / opening] <candleword> of [the / a / each / every]? [new / utc / trading]? [day / "
        "week / month / hour]",
        "[at / on]? [the]? [start / beginning / open] of [the / a / each / every]? [new / trading]? [day / week / "
        "month]",
        "[the]? daily|weekly|monthly open candle",
    )
    return g


_GRAMMAR = _grammar()


def read_clock(r: Reader, symbol: str | None = None) -> Condition | None:
    """A condition about the candle's open time."""
    return _GRAMMAR.read(r)
