"""Times: hours of the day and sessions in any zone, days of the week, days of the month, months.

Times are UTC where no zone is named. A range includes its first hour and leaves out its last ("between 8 and 10"
are two
hours), and one that ends before it begins goes over midnight.
"""

from __future__ import annotations

from llm.phrasebook.events.clock_words import (
    DAY_NAMES,
    MONTHS,
    SESSIONS,
    day,
    day_span,
    days,
    hour_span,
    month,
    ordinal,
    read_zone,
    session_zone,
    time,
)
from llm.phrasebook.meaning.types import Condition, Formula
from llm.phrasebook.reading.event_words import LISTS, SLOTS
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader


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


def _grammar() -> Grammar[Condition]:
    lists = LISTS | {
        "between": "between; from; in the window; during; in; inside; within; only inside; only within",
        "to": "and; to; until; till; - ; through; up to",
        "only": (
            "only; on; during; in; at; only on; only during; only in; on a; for; throughout; on the; just on; "
            "exclusively on; within; during the; in the; inside; inside the; only inside; only inside the; within the; "
            "only within; only within the"
        ),
        "session": (
            "session; hours; trading hours; market hours; trading session; open hours; market; morning session; "
            "trading day; day session"
        ),
        "candleword": "candle; candles; bar; bars; hourly candles; the candle",
    }
    slots = SLOTS | {
        "start": time,
        "end": time,
        "zone": read_zone,
        "session": session_zone,
        "days": days,
        "first": day,
        "last": day,
        "month": month,
        "until": month,
        "ordinal": ordinal,
        "dayspan": day_span,
        "hourspan": hour_span,
    }
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
