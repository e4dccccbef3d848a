"""New highs and lows, breakouts, failed breakouts, pullbacks to an average, retests, and squeezes.

1. A break of the last n candles' high leaves this candle out, and is a state: the close is beyond it. A break of
   yesterday's
   (last week's, last month's) high is the candle that crosses it.
2. A pullback to a line: the low touches it and the close is above it; a rejection is the mirror of that.
3. "Squeeze" is Bollinger's bands inside Keltner's; "the narrowest bands in n candles" compares the width with its
   own past.
"""

from __future__ import annotations

from llm.phrasebook.events.break_levels import (
    before,
    candle_level,
    level,
    line,
    span_high,
    span_low,
)
from llm.phrasebook.events.break_words import WORDS
from llm.phrasebook.events.squeezes import momentum, narrow, no_squeeze, squeeze_off, squeeze_on
from llm.phrasebook.meaning.types import Compare, Condition, Cross, Duration, Formula, Operand, Recent, on_interval
from llm.phrasebook.operands.extremes import RECENT, peak
from llm.phrasebook.operands.period_levels import period_level, read_period_level
from llm.phrasebook.reading.event_words import LISTS, SLOTS, of_symbol
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

RETEST_CANDLES = 10


OPENING_MS = 3_600_000


def _close(m: Found) -> Operand:
    return Operand("close", symbol=m.symbol)


def _beyond(m: Found, side: str) -> Condition | None:
    level = m.get("level", Operand)
    if level is None:
        m.note(
            f"“{'Breakout' if side == 'high' else 'Breakdown'}” became: the close is "
            f"{'above the highest high' if side == 'high' else 'below the lowest low'} of the {RECENT} candles before."
        )
        level = before(RECENT, side, "", m.symbol)
    return Compare(_close(m), ">" if side == "high" else "<", of_symbol(level, m.symbol))


def _above_span(m: Found) -> Condition | None:
    return _beyond(m, "high")


def _below_span(m: Found) -> Condition | None:
    return _beyond(m, "low")


def _new_extreme(m: Found, side: str) -> Condition | None:
    length = m.values.get("length")
    if length is None:
        length = RECENT
        m.note(f"“New {side}” has no length given: {RECENT} candles.")
    field = "close" if "closing" in m.values else ""
    if not isinstance(length, int | Duration):
        return None
    return Compare(_close(m), ">" if side == "high" else "<", before(length, side, field, m.symbol))


def _new_high(m: Found) -> Condition | None:
    return _new_extreme(m, "high")


def _new_low(m: Found) -> Condition | None:
    return _new_extreme(m, "low")


def _level_cross(m: Found) -> Condition | None:
    """ "breaks above yesterday's high": the candle that crosses it."""
    level = m.get("level", Operand)
    if level is None:
        return None
    words = set(m.text.split())
    down = bool(words & {"below", "under", "down", "beneath", "loses", "lost", "lose"}) or (
        (level.kind == "low" or "low" in level.noun)
        and not words & {"above", "over", "up", "reclaims", "reclaim", "reclaimed", "reclaiming", "regains"}
    )
    # The level is this candle's on both sides: it steps at midnight.
    before_it = Operand("close", symbol=m.symbol, shift=1)
    now, then = ("<", ">=") if down else (">", "<=")
    return Formula(
        f"{{0}} {now} {{1}} and {{2}} {then} {{1}}",
        operands=(_close(m), level, before_it),
        brief=f"price crosses {'below' if down else 'above'} {level.noun or 'last ' + level.kind}",
        lean="short" if down else "long",
    )


def _level_state(m: Found) -> Condition | None:
    """ "closes above the high of last week": a state."""
    level = m.get("level", Operand)
    below = bool({"below", "under", "beneath", "<"} & set(m.text.split()))
    return None if level is None else Compare(_close(m), "<" if below else ">", level)


def _closes(m: Found) -> Condition | None:
    """ "two consecutive closes above the upper band"."""
    line, count = m.get("line", Operand), m.values.get("count")
    if line is None or not isinstance(count, int):
        return None
    below = bool({"below", "under"} & set(m.text.split()))
    return Recent(Compare(_close(m), "<" if below else ">", of_symbol(line, m.symbol)), count, every=True)


def _opening_range(m: Found) -> Condition | None:
    """The candle that crosses the range of the day's first candles."""
    length = m.values.get("length")
    if not isinstance(length, int | Duration):
        length = Duration(OPENING_MS)
        m.note("The opening range has no length given: the first hour of the day, UTC.")
    down = bool({"below", "under", "breakdown", "downside", "down", "low"} & set(m.text.split()))
    function, field, now, then = ("lowest", "low", "<", ">=") if down else ("highest", "high", ">", "<=")
    age = 'barssince(tf("1d").first)'
    level = f"valuewhen({age} == {{n0}} - 1, {function}({{p}}{field}, {{n0}}), 0)"
    text = f"{age} >= {{n0}} and {{p}}close {now} {level} and {{p}}close[1] {then} {level}"
    return Formula(text, lengths=(length,), brief="opening range break", lean="short" if down else "long")


def _false_break(m: Found, side: str) -> Condition | None:
    level = m.get("level", Operand) or before(RECENT, side, "", m.symbol)
    if "level" not in m:
        m.note(
            f"“{m.text.capitalize()}” became: beyond the {'highest high' if side == 'high' else 'lowest low'} of the "
            f"{RECENT} "
            "candles before, and closed back inside."
        )
    out = Operand(side, symbol=m.symbol)
    signs: tuple[str, str] = (">", "<") if side == "high" else ("<", ">")
    return Formula(
        f"{{0}} {signs[0]} {{1}} and {{2}} {signs[1]} {{1}}",
        operands=(out, level, _close(m)),
        brief="failed breakout" if side == "high" else "failed breakdown",
        lean="short" if side == "high" else "long",
    )


def _bull_trap(m: Found) -> Condition | None:
    return _false_break(m, "high")


def _bear_trap(m: Found) -> Condition | None:
    return _false_break(m, "low")


def _pullback(m: Found) -> Condition | None:
    """The low touches the line and the close is above it."""
    line = _line_of(m, "A pullback to a line became: the low is at or below it and the close above it.")
    if line is None:
        return None
    parts = (Compare(Operand("low", symbol=m.symbol), "<=", line), Compare(_close(m), ">", line))
    return Formula("{c0} and {c1}", parts=parts, brief="pullback", lean="long")


def _rejection(m: Found) -> Condition | None:
    """The high touches the line and the close is below it."""
    line = _line_of(m, "A rejection at a line became: the high is at or above it and the close below it.")
    if line is None:
        return None
    parts = (Compare(Operand("high", symbol=m.symbol), ">=", line), Compare(_close(m), "<", line))
    return Formula("{c0} and {c1}", parts=parts, brief="rejection", lean="short")


def _line_of(m: Found, note: str) -> Operand | None:
    """The line that a phrase names, of the phrase's symbol; what was taken of it is noted."""
    line = m.get("line", Operand)
    if line is None:
        return None
    m.note(note)
    return of_symbol(line, m.symbol)


def _line_cross(m: Found) -> Condition | None:
    """ "lost the 50 DMA", "VWAP reclaim": the close crosses the line."""
    line = m.get("line", Operand)
    if line is None:
        return None
    down = bool({"loses", "lost", "losing", "lose", "loss"} & set(m.text.split()))
    return Cross(_close(m), "down" if down else "up", of_symbol(line, m.symbol))


def _retest(m: Found) -> Condition | None:
    """A break of the range in the last candles, now tested again from outside."""
    side = "low" if {"breakdown", "support"} & set(m.text.split()) else "high"
    length = m.values.get("length")
    if not isinstance(length, int | Duration):
        length = RECENT
    m.note(
        f"A retest became: a break of the {'high' if side == 'high' else 'low'} of "
        f"{RECENT if length == RECENT else 'those'} candles "
        f"within the last {RETEST_CANDLES}, and this candle touches that level and closes beyond it."
    )
    function, field = ("highest", "high") if side == "high" else ("lowest", "low")
    sign, touch, other = (">", "<=", "low") if side == "high" else ("<", ">=", "high")
    level = f"{function}({{p}}{field}, {{n0}})[1]"
    broke = f"{{p}}close {sign} {level}"
    held = f"valuewhen({broke}, {level}, 0)[1]"
    text = f"within({broke}, {RETEST_CANDLES})[1] and {{p}}{other} {touch} {held} and {{p}}close {sign} {held}"
    return Formula(text, lengths=(length,), brief="retest", lean="long" if side == "high" else "short")


# Squeezes.


def _grammar() -> Grammar[Condition]:
    lists = LISTS | WORDS | {"side": "high; low; highs; lows"}
    slots = SLOTS | {
        "level": level,
        "high": span_high,
        "candle": candle_level,
        "low": span_low,
        "line": line,
        "wide": _wide,
        "closing": _closing,
    }
    g: Grammar[Condition] = Grammar(lists, slots, on_interval)
    # Squeezes.
    g.add(
        squeeze_off,
        "<squeeze> [is / has]? [just]? <fires> [to the / with]? <direction>?",
        "[release / end / breakout / exit] [of / from] [a / the]? <squeeze> [to the]? <direction>?",
        "[comes / coming / came / breaks / breaking / broke / exits / out] out? of [a / the]? <squeeze> [to the]? "
        "<direction>?",
        "fires|fired [long / short]? [out]? of [a / the]? <squeeze>",
        "<squeeze> <direction>",
    )
    g.add(no_squeeze, "not in a? <squeeze>", "no <squeeze>", "out of a? <squeeze> state")
    g.add(
        momentum,
        "<momentum> [is / turns / turning / turned / crosses / flips / goes]? [positive / negative / bullish / "
        "bearish / rising / falling / increasing / decreasing / up / above zero / below zero / growing / shrinking / "
        "above 0 / below 0]",
        "[positive / negative / rising / falling / bullish / bearish] <momentum>",
    )
    g.add(
        narrow,
        "<bands> [are / is / at / being]? [the / their]? [<narrow> / {wide}] [it / they have been]? <of> [like / the "
        "/ about]? [<past>]? {length}",
        "[<narrow> / {wide}] <bands> <of> [the / like]? [<past>]? {length}",
        "bollinger [band / bands]? squeeze <of> [the]? [<past>]? {length}",
        "bollinger|bb|bbands [band / bands]? squeeze",
        "bollinger [bands / band] [are]? squeezing|squeezed|tight|contracting|narrow",
        "tight bollinger bands",
        "<bands> [are / is]? [at their / at its / the]? <narrow>",
    )
    g.add(
        squeeze_on,
        "<squeeze> [has been / is / stays / was]? [<on>]? for [at least / the last / the past / more than]? {length}",
        "[in / inside / entering / enters] [a / the]? <squeeze>",
        "<squeeze> <on>",
        "<bands> [are / is / fully / sit / completely]? [inside / within / in] [the / of]? <kc>",
        "bollinger|bands inside [the]? <kc>",
        "<squeeze>",
    )
    # False breaks, before the plain ones.
    g.add(_bull_trap, "<fake> [of / above / at / over]? {level:high}?")
    g.add(_bear_trap, "<fakedown> [of / below / at / under]? {level:low}?")
    g.add(
        _retest,
        (
            "retest|retests|retested|retesting [of]? [the / a]? [breakout / breakdown / broken] [level / resistance / "
            "support / area / zone]? [of the? {length} <candle>? range|high]?"
        ),
        "breakout [and / then / with]? retest",
    )
    # Levels of a day, week or month.
    g.add(
        _level_cross,
        "<subject>? [breaks / break / broke / breaking / crosses / crossed / crossing / moves / pushes / pushed / "
        "rips / goes / pops / gets / rises / climbs / jumps] [back]? [above / over / through / past / up through / "
        "out above / up over / beyond] {level}",
        "<subject>? [breaks / break / broke / breaking / crosses / crossed / falls / fell / drops / dropped / slips "
        "/ moves / goes / sinks / dips] [back]? [below / under / through / down through / beneath] {level}",
        "<subject>? [breaks / broke / breaking / break of / takes out / took out / taking out / clears / cleared / "
        "reclaims / reclaim / reclaimed / reclaiming / loses / lost / losing / regains / breakout of / sweeps / "
        "crosses / breach of / breaches] {level}",
        "breakout [above / over / of / through]? {level}",
        "breakdown [below / under / of / through]? {level}",
    )
    g.add(
        _candle_break,
        "<subject>? [<breaks>]? [above / over / higher than / > / beyond] {level:candle}",
        "<subject>? [<breaksdown>]? [below / under / lower than / beneath] {level:candle}",
        "[breaks / takes out / takes] {level:candle}",
    )
    g.add(
        _level_state,
        "<subject>? [is / closes / closed / close / closing / trades / trading / sits / stays / holds / holding / "
        "now / currently / opens / remains]? [back / well]? [above / over / > / higher than / below / under / "
        "beneath / < / lower than] {level}",
    )
    g.add(
        _closes,
        "{count} <row>? closes [above / over / below / under] {line}",
        "<row> {count} closes [above / over / below / under] {line}",
    )
    opening = "[opening range / orb] [<side>]? [of the? [first]? {length}]?"
    g.add(
        _opening_range,
        f"{opening} [is]? [breakout / breakdown / break / broken] [to the upside / to the downside / up / down]?",
        f"<subject>? [breaks / crosses / breakout / breakdown / break / closes] [above / over / out of / of / below "
        f"/ under]? {opening}",
        f"<subject>? [above / over / out of / below / under] {opening}",
    )
    # Ranges and highs of n candles.
    g.add(
        _above_span,
        "<subject>? <breaks> [out]? [<up>] {level:high}",
        "<subject>? <bare> {level:high}",
        "<breakout> [<up> / of]? {level:high}",
        "<subject>? [above / over] {level:high}",
    )
    g.add(
        _below_span,
        "<subject>? <breaksdown> [down]? [<down>] {level:low}",
        "<subject>? <bare> {level:low}",
        "<breakdown> [<down> / of]? {level:low}",
        "<subject>? [below / under] {level:low}",
    )
    for make, side in ((_new_high, "high"), (_new_low, "low")):
        top = "highest" if side == "high" else "lowest"
        g.add(
            make,
            f"<subject>? <new> {{length}} {{closing}}? {side}|{side}s",
            f"<subject>? <new> {{closing}}? {side}|{side}s <of> the? <past>? {{length}}",
            f"[closes / closed / closing / trading / is / trades]? at? its? {top} {{closing:closing}} <of> the? "
            f"<past>? {{length}}",
            f"{top} [price / level / point / high / low / it has been]? <of> the? <past>? {{length}}",
            f"<subject>? [closes / closed / trades / is] {'higher' if side == 'high' else 'lower'} than [at any time "
            f"in / in all of / any of / all of / all / any candle of / any close of / every candle of]? the? <past>? "
            f"{{length}}",
            f"<subject>? [new / fresh / makes a new / makes new / prints a new / hits a new / sets a new / making a "
            f"new / making new / at a new / hits new / new recent] {side}|{side}s",
            f"{{length}} {side}|{side}s [is / gets / got / was]? [taken out / broken / breakout / breached / cleared "
            f"/ break]",
            f"{{length}} {'breakout' if side == 'high' else 'breakdown'}",
        )
    g.add(_above_span, "<breakout>")
    g.add(_below_span, "<breakdown>")
    # Pullbacks and rejections.
    g.add(
        _line_cross,
        "<subject>? [loses / lost / losing / lose / has lost / just lost] [the]? {line}",
        "<subject>? [reclaims / reclaim / reclaimed / reclaiming / regains / regained / retakes / retook / takes "
        "back / took back / wins back / gets back] [the]? {line}",
        "{line} [reclaim / reclaimed / retake / lost / loss]",
        "reclaim|loss of {line}",
    )
    g.add(
        _pullback,
        "<subject>? <pull> {line} [from above]?",
        "pullback|bounce [at / on / near / off / from] {line}",
        "touches {line} [from above / and holds / and bounces / and closes above / but closes above] [it]?",
    )
    g.add(
        _rejection,
        "<subject>? <reject> {line}",
        "touches {line} [from below / and closes below / but closes below] [it]?",
    )
    return g


def _candle_break(m: Found) -> Condition | None:
    """ "closes above the high of the candle before": a state."""
    level = m.get("level", Operand)
    if level is None:
        return None
    down = bool({"below", "under", "lower", "beneath"} & set(m.text.split())) or (
        level.kind == "low" and not {"above", "over", "higher", "beyond"} & set(m.text.split())
    )
    return Compare(_close(m), "<" if down else ">", of_symbol(level, m.symbol))


def _wide(r: Reader) -> object | None:
    return True if r.word("widest", "broadest", "most", "highest", "largest") else None


def _closing(r: Reader) -> object | None:
    return True if r.word("closing", "close", "daily") else None


_GRAMMAR = _grammar()


def read_break(r: Reader, symbol: str | None = None) -> Condition | None:
    """A new high or low, a breakout, a failed one, a pullback, a rejection, a retest, or a squeeze."""
    return _GRAMMAR.read(r, symbol)


__all__ = ["before", "peak", "period_level", "read_break", "read_period_level"]
