"""Candles: colours and streaks, the candlestick patterns of `cdl.`, the parts of a candle, and its place in the range.

1. `PATTERNS` names every pattern; one with two sides is bullish unless the words say otherwise, and that is said.
2. A candle's parts (body, range, wicks) are compared with one another, with ATR, with their average, or in percent.
3. Streaks: "3 green candles in a row", "4 of the last 5 candles are red", "turns green", "the last 3 lows are higher".
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.events.candles.parts import (
    BODY,
    LOWER_WICK,
    RANGE,
    SIZES,
    SMALL,
    UPPER_WICK,
    extreme_part,
    no_wick,
    part_slot,
    to_atr,
    to_average,
    to_part,
    to_price,
)
from llm.phrasebook.events.candles.patterns import PATTERNS, SIDED, pattern, sided
from llm.phrasebook.events.candles.places import close_at, close_in, inside, inside_break, outside
from llm.phrasebook.events.candles.stairs import ago, both_stairs, risen, stair_rule
from llm.phrasebook.events.candles.words import WORDS
from llm.phrasebook.meaning.types import Compare, Condition, Formula, Operand, on_interval
from llm.phrasebook.operands.extremes import versus
from llm.phrasebook.reading.event_words import LISTS, SLOTS, plain
from llm.phrasebook.reading.phrase_tables import flag
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

FAT_ATR, PIN_WICK = 0.5, 2 / 3


# Streaks.


def _streak(m: Found, colour: str) -> Condition | None:
    count = m.values.get("count", 1)
    if not isinstance(count, int):
        return None
    sign = ">" if colour == "green" else "<"
    text = f"{{p}}close {sign} {{p}}open"
    words = m.text.split()
    size = next((word for word in words if word in SIZES), None)
    if size is not None:
        small = size in SMALL
        m.note(
            f"“{size.capitalize()}” candle became: a body of {'less' if small else 'more'} than {FAT_ATR:g} ATR(14)."
        )
        body = "{p}close - {p}open" if sign == ">" else "{p}open - {p}close"
        text = f"{body} > {plain(FAT_ATR)} * {{ta}}atr(14)"
        if small:
            text = f"{{p}}close {sign} {{p}}open and {body} < {plain(FAT_ATR)} * {{ta}}atr(14)"
    if (
        count > 1
        and not ({"row", "last"} & set(m.values))
        and not any(w in words for w in ("all", "last", "row", "straight"))
    ):
        m.note(f"“{m.text}” became: {count} in a row.")
    if count > 1:
        text = f"always({text}, {count})"
    brief = f"{colour} candle" if count == 1 else f"{count} {colour} candles"
    return Formula(text, brief=brief, interval=m.get("interval", str))


def _green(m: Found) -> Condition | None:
    return _streak(m, "green")


def _red(m: Found) -> Condition | None:
    return _streak(m, "red")


def _turned(m: Found) -> Condition | None:
    up = "up" in m.values
    now, before = (">", "<") if up else ("<", ">")
    m.note(
        f"“{m.text}” became: this candle is {'green' if up else 'red'} and the one before was "
        f"{'red' if up else 'green'}."
    )
    text = f"{{p}}close {now} {{p}}open and {{p}}close[1] {before} {{p}}open[1]"
    return Formula(text, brief=f"turns {'green' if up else 'red'}", interval=m.get("interval", str))


def _counted(m: Found) -> Condition | None:
    """ "at least 4 of the last 5 candles are green"."""
    hits, length = m.values.get("hits"), m.values.get("count")
    if not isinstance(hits, int) or not isinstance(length, int) or hits > length:
        return None
    sign = ">" if "up" in m.values else "<"
    op = m.word("cmp", ">=")
    return Formula(f"count({{p}}close {sign} {{p}}open, {length}) {op} {hits}", brief=f"{hits} of {length} candles")


def _none(m: Found) -> Condition | None:
    count = m.values.get("count")
    sign = ">" if "up" in m.values else "<"
    return (
        Formula(f"not within({{p}}close {sign} {{p}}open, {count})", brief="no such candle")
        if isinstance(count, int)
        else None
    )


# Parts of a candle.


def _long_wick(m: Found) -> Condition | None:
    left = m.get("part", Operand)
    if left is None or left is RANGE:
        return None
    if left is BODY:
        words = set(m.text.split())
        small = bool(words & SMALL)
        m.note(
            f"“{m.text.capitalize()}” became: the body is {'at most a third' if small else 'at least two thirds'} of "
            f"the range."
        )
        factor = round(1 / 3, 10) if small else round(2 / 3, 10)
        return versus(BODY, "<=" if small else ">=", replace(RANGE, factor=factor))
    small = bool(set(m.text.split()) & SMALL)
    if small:
        m.note(f"“{m.text.capitalize()}” became: the wick is at most a tenth of the range.")
        return versus(left, "<=", replace(RANGE, factor=0.1))
    m.note(f"“{m.text.capitalize()}” became: the wick is at least twice the body.")
    return versus(left, ">=", replace(BODY, factor=2.0))


def _pin(m: Found) -> Condition | None:
    up = "bear" not in m.values
    wick = LOWER_WICK if up else UPPER_WICK
    m.note(f"“Pin bar” became: the {wick.noun} is at least two thirds of the range.")
    found = versus(wick, ">=", replace(RANGE, factor=round(PIN_WICK, 10)))
    return Formula("{c0}", parts=(found,), brief="pin bar", lean="long" if up else "short")


# Place of the close, inside and outside.


def _own_close(m: Found) -> Condition | None:
    """ "closes above its open", "higher close than the candle before"."""
    up = "up" in m.values
    return Compare(Operand("close"), ">" if up else "<", Operand("open"))


def _field_slot(r: Reader) -> object | None:
    return next((name for name in ("high", "low", "close", "open") if r.word(name, f"{name}s")), None)


def _grammar() -> Grammar[Condition]:
    lists = LISTS | WORDS | {"size": "; ".join(sorted(SIZES))}
    slots = dict(SLOTS)
    slots |= {
        "part": part_slot,
        "other": part_slot,
        "field": _field_slot,
        "row": flag(LISTS["row"]),
        "last": flag("last; past; previous; prior; preceding"),
        "bull": flag("bullish; bull; long; green; white; upside"),
        "bear": flag("bearish; bear; short; red; black; downside"),
        "up": flag("green; bullish; white; up"),
        "down": flag("red; bearish; black; down"),
        "top": flag("top; upper; high; highest"),
        "bottom": flag("bottom; lower; low; lowest"),
        "higher": flag("higher; above; over; up; more; greater"),
        "lower": flag("lower; below; under; down; less"),
        "rising": flag(
            "rising; risen; rose; up; climbing; climbed; gained; increased; gone up; higher; closed higher; going up"
        ),
        "falling": flag(
            "falling; fallen; fell; down; dropping; dropped; declined; lower; gone down; closed lower; going down"
        ),
        "near": flag("near; close to; around; almost at; not far from"),
        "inner": flag("inside; inner; mother"),
        "hits": SLOTS["count"],
    }
    g: Grammar[Condition] = Grammar(lists, slots, on_interval)

    def add(make: object, *templates: str) -> None:
        g.add(make, *templates)  # type: ignore[arg-type]

    # Inside and outside.
    add(
        inside_break,
        "<inside> {down:down}? breakout|break|breakdown",
        "{interval}? <inside> breakout",
        "[breakout / break / breaks / breaks out] [of / from]? the? <inside>",
    )
    add(inside, "{interval}? <inside>", "<candle> <fits> the? <beforeone>")
    add(outside, "{interval}? <outside>", "{interval}? engulfs the? whole <beforeone>")
    # Patterns, the longest names first.
    rows: list[tuple[str, object, bool]] = []
    for names, (name, side) in SIDED.items():
        rows += [(phrase.strip(), sided(name, side), False) for phrase in names.split(";")]
    for name, (names, kind) in PATTERNS.items():
        rows += [(phrase.strip(), pattern(name, kind), True) for phrase in names.split(";")]
    for phrase, make, open_sided in sorted(rows, key=lambda row: (-len(row[0].split()), -len(row[0]))):
        if open_sided:
            add(make, f"{{bear}} {phrase} <patternword>?", f"{{bull}} {phrase} <patternword>?")
            add(make, f"{phrase} <patternword>? to|on the {{bear}}", f"{phrase} {{bear}}")
        add(make, f"{phrase} <patternword>?")
    add(
        _pin,
        "{bear} pin bar|candle",
        "{bull}? pin bar|candle",
        "{bear} pinbar",
        "{bull}? pinbar",
        "{bear} rejection candle|wick",
        "{bull} rejection candle|wick",
    )
    # Wicks, bodies, ranges.
    add(
        to_atr,
        "{part} [is / of / was / <moved>]? {cmp}? {x} the? its? {count}? [period / candle / bar]? <atr>",
        "{part} is? {cmp} {num} <atr>",
        "{part} is? {cmp} {pct} of the? {count}? [period / candle / bar]? <atr>",
        "{part} is? {cmp} the? {count}? [period / candle / bar]? <atr>",
        "{part} [exceeds / beats] {x} the? {count}? <atr>",
    )
    add(
        to_average,
        "{part} is? {cmp}? {x} [of / the / its]? <average> [{part:other} / size]? [<of> the? <past>? {length}]?",
        "{part} is? {cmp}? {x} [of / the / its]? {length} <average> [{part:other}]?",
        "{part} is? {cmp} [of / the / its / than]? <average> [{part:other}]? [<of> the? <past>? {length}]?",
        "{part} is? {cmp} [the / its / than]? {length} <average>",
    )
    add(
        extreme_part,
        "{part} is? [the / its]? [<most> / <least>] <of> the? <past>? {length}",
        "[<most> / <least>] {part} <of> the? <past>? {length}",
        "<least> {part} <of> {length}",
        "nr {count}",
    )
    add(
        to_part,
        "{part} [is / makes up / of / covers / takes up / was]? {cmp}? {pct} [or more / + ]? of|the the? {other}",
        "{part} [is / of / was]? [at least]? {cmp}? {x} [as long as / the length of / as big as / as large as / the "
        "size of / longer than / bigger than / of]? the? {other}",
        "{part} [is / was]? {cmp} [than]? the? {other}",
    )
    add(to_price, "{part} [is / of / was]? {cmp}? {pct}", "{cmp} {pct} {part}")
    add(no_wick, "no {part}", "without [an / a]? {part}", "has no {part}", "hardly any {part}")
    add(_long_wick, "[<size>] {part}", "{part} is <size>")
    # Where it closes.
    add(
        close_in,
        "[close / closes / closed / closing]? in|within the? {top} {share}? [of / the / its / range / candle / bar]? "
        "[of / the / its]? range|candle|bar",
        "[close / closes / closed / closing]? in|within the? {bottom} {share}? [of / the / its / range / candle / "
        "bar]? [of / the / its]? range|candle|bar",
        "[close / closes / closed / closing] in|within the? {top} {share} of",
        "[close / closes / closed / closing] in|within the? {bottom} {share} of",
        "[close / closes / closed / closing]? in the? {top} half|third|quarter of",
        "close|closes|closed in the? upper half",
        "<candle>? close|closes|closed|closing|finishes|finished in|within its|the {top} {share} "
        "[of its|the? range|candle|bar]?",
        "<candle>? close|closes|closed|closing|finishes|finished in|within its|the {bottom} {share} "
        "[of its|the? range|candle|bar]?",
    )
    add(
        close_at,
        "[close / closes / closed / closing] [is]? {near} [its / the]? {top} of? [the / its]? [candle / day / bar]?",
        "[close / closes / closed / closing] [is]? {near} [its / the]? {bottom} of? [the / its]? [candle / day / bar]?",
        "[closes / closed / closing] at|on [its / the]? {top:top} of? [the / its]? [candle / bar]",
        "[closes / closed / closing] at|on [its / the]? {bottom:bottom} of? [the / its]? [candle / bar]",
    )
    # Colours and streaks.
    add(
        _counted, "{cmp}? {hits} [out]? of the? <past> {count} {interval}? <candle> [are / were / closed / being]? {up}"
    )
    add(
        _counted,
        "{cmp}? {hits} [out]? of the? <past> {count} {interval}? <candle> [are / were / closed / being]? <red>",
    )
    add(
        _counted,
        "{cmp} {hits} {up} <candle> [<of> the? <past>? {count}]",
        "{cmp} {hits} <red> <candle> [<of> the? <past>? {count}]",
    )
    out = "[out of / in / of / within] the? <past> {count} <candle>?"
    add(_counted, f"{{cmp}}? {{hits}} {{up}} <candle> {out}", f"{{cmp}}? {{hits}} <red> <candle> {out}")
    add(
        _none,
        "no {up} <candle> <of> the? <past> {count} <candle>?",
        "no <red> <candle> <of> the? <past> {count} <candle>?",
    )

    add(
        ago,
        (
            "[close / price / closes / it]? is? {field}? is? [{up:higher} / {down:lower}] [than]? [it was / "
            "the close / its value / the price / where it was]? {count} <candle> ago|earlier"
        ),
    )
    add(
        risen,
        "[close / price / closes / it] [has / have / is]? [been]? [{up:rising} / {down:falling}] [for]? [the]? "
        "[<past>]? {count} [consecutive]? <candle>? {row}?",
    )
    add(
        _turned,
        "[red / bearish]? <candle>? <turn> {up} [candle]?",
        "[green / bullish]? <candle>? <turn> red|bearish|black [candle]?",
    )
    for make, colour in ((_green, "green"), (_red, "red")):
        add(
            make,
            f"[the / these]? {{last}} {{count}} {{interval}}? <candle> [are / were / have been / closed / is / all / "
            f"each / was / being]? [all / were / been / closed]? <{colour}>",
            f"[at least / minimum / a minimum of]? {{count}} {{row}}? {{interval}}? <size>? <{colour}> {{interval}}? "
            f"<candle> {{row}}?",
            f"{{count}} <size>? {{row}} <{colour}> {{interval}}? <candle>",
            f"{{row}}? {{count}} <size>? <{colour}> {{interval}}? <candle> {{row}}?",
            f"{{count}} {{interval}}? <size>? <{colour}> <candle>? {{row}}",
            f"[at least]? {{count}} {{interval}}? <size>? {{row}}? <{colour}> days|hours|weeks|ones {{row}}?",
            f"<candle> [has / have / is / are]? [been / closed / closes]? <{colour}> [for / <of>]? [the]? <past>? "
            f"{{count}} <candle>? {{row}}?",
            f"<size>? <{colour}> {{interval}}? <size>? <candle>",
            f"<candle> [is / was / has to be / must be / should be / closed / closes / being / to be / closing / "
            f"needs to be / finishes / finished / is finishing / finishing / ends / ended / ending / prints / prints "
            f"in / closes in the / finishes in the / ends in the / is closing] {colour}",
            f"closes|closed|closing|finishes|finished|finishing|ends|ended|ending {colour}",
            f"<candle> [closes / closed / closing / finishes / finished / is finishing / ends / ended] "
            f"{'up' if colour == 'green' else 'down'}",
            f"is now? {colour} [now / again / candle]?",
            f"now {colour} again?",
            f"{colour} again",
            f"<{colour}> one",
            f"candle|bar {colour}",
        )
    add(_own_close, "[close / closes / closed] {up:higher} [than / the / its]? [it opened / open / its open]")
    for up, word in ((True, "higher"), (False, "lower")):
        add(
            both_stairs(up=up),
            f"{{count}} {{row}}? {word} highs? and {{count}}? {word} lows? {{row}}?",
            f"{{count}} {{row}}? {word} highs and lows {{row}}?",
            f"{word} highs and [{word}]? lows [for / over / in / on]? [the / each of the]? [<past>]? [{{count}} "
            f"<candle>? {{row}}?]?",
            f"{word} high and [a]? {word} low [than / for / over]? [the]? [{{count}} <candle>?]? {{row}}?",
        )
        for field in ("high", "low", "close"):
            add(
                stair_rule(field, up=up),
                f"{{count}} {{row}}? {word} {field}|{field}s {{row}}?",
                f"[the]? <past> {{count}} {field}s [are / were]? [each / all] {word} than the? [{field} / one] "
                f"before [it]?",
                f"[the]? <past> {{count}} {field}s [are / were / have been]? [each / all]? "
                f"[{'rising' if up else 'falling'} / {word}] [than / the / each / one / before / last / {field} / "
                f"previous]?",
                f"each of the? <past> {{count}} {field}s [is / was]? {word} than the? [one / {field}] before",
                f"{word} {field}s [for / over / in]? [the]? [<past>]? [{{count}} <candle>? {{row}}?]?",
                f"{field}s [are / is]? {'rising' if up else 'falling'} [for / over] [the]? [<past>]? {{count}} "
                f"<candle>? {{row}}?",
            )
        add(
            stair_rule("close", up=up),
            f"close|closes|closed|closing {word} {{count}} [candles / bars / days / hours / sessions] {{row}}?",
            f"close|closes|closed|closing {word} {{times:x}} {{row}}?",
            f"{{count}} {word} closes {{row}}?",
            f"close|closes|closed|closing {word} for {{count}} {{row}}? <candle>? {{row}}?",
            f"{{count}} {{row}}? {'up' if up else 'down'} closes {{row}}?",
        )
    return g


_GRAMMAR = _grammar()


def read_candle(r: Reader, symbol: str | None = None) -> Condition | None:
    """A colour, a streak, a candlestick pattern, or a condition about a candle's parts."""
    return _GRAMMAR.read(r, symbol)
