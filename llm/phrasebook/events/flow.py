"""Volume events, multiples of the usual volume, and order flow.

1. The usual volume is the simple average of 20 candles where nothing else is said. A spike or huge volume is more
   than twice
   that, busy volume 1.5 times, low volume 0.7 times; each of these is said.
2. "Rising volume" is more than on the candle before; with a count each candle is above the one before.
3. Buy and sell volume are the taker's: who crosses the spread. Buyers' share is a part of all volume.
"""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.events.flow_words import WORDS
from llm.phrasebook.events.order_flow import BUY, SELL, VOLUME, delta, delta_record, delta_share, pressure, share, sides
from llm.phrasebook.meaning.types import Compare, Condition, Duration, Operand, Trend, on_interval
from llm.phrasebook.operands.extremes import compared, ticker, versus
from llm.phrasebook.reading.event_words import LISTS, SLOTS, day_span, series
from llm.phrasebook.reading.phrase_tables import flag
from llm.phrasebook.reading.phrases import Found, Grammar
from llm.phrasebook.reading.reader import Reader

USUAL, BUSY, SPIKE, HUGE, LOW = 20, 1.5, 2.0, 2.0, 0.7
_SIZE = {"<": "below", ">": "more than", ">=": "at least"}


def _field(m: Found) -> Operand:
    words = f" {m.text} "
    if any(name in words for name in (" trades ", " trade count ", " number of trades ")):
        return Operand("trades")
    if any(name in words for name in (" turnover ", " dollar volume ", " quote volume ", " usdt volume ")):
        return Operand("quote_volume")
    if any(name in words for name in (" buy volume ", " buying volume ", " taker buys ")):
        return BUY
    if any(name in words for name in (" sell volume ", " selling volume ", " taker sells ")):
        return SELL
    return VOLUME


def _average(m: Found, of: Operand, factor: float) -> Operand | None:
    length = m.values.get("length", m.values.get("window_length"))
    exponential = bool({"ema", "exponential"} & set(m.text.split()))
    if length is None:
        length = USUAL
        m.note(
            f"The usual {'volume' if of.kind != 'trades' else 'number of trades'} is the average of {USUAL} candles."
        )
    if not isinstance(length, int | Duration):
        return None
    if exponential:
        return replace(
            series("ta.ema({0}, {n0})", "exponential average volume", "volume", of, args=(length,)), factor=factor
        )
    if of.kind == "formula":
        return replace(series("ta.sma({0}, {n0})", f"average {of.noun}", "volume", of, args=(length,)), factor=factor)
    return Operand("average", (length,), interval=of.interval, of=of, factor=factor)


def _multiple(m: Found) -> Condition | None:
    """ "3 times its average", "double the usual", "50% above average"."""
    of = _field(m)
    if "x" in m:
        factor = m.number("x")
    elif "pct" in m:
        share = m.number("pct") / 100
        factor = share
    else:
        factor = 1.0
    if "beyond" in m and "pct" in m:
        factor = 1 - m.number("pct") / 100 if "less" in m else 1 + m.number("pct") / 100
    op = m.word("cmp", ">=")
    if "less" in m:
        op = {">": "<", ">=": "<="}.get(op, op)
    of = replace(of, interval=m.get("interval", str))
    right = _average(m, of, round(factor, 10))
    return None if right is None else versus(of, op, right)


def _above_average(m: Found) -> Condition | None:
    words = set(m.text.split())
    low = bool({"below", "under", "lower", "less", "beneath"} & words)
    of = _field(m)
    right = _average(m, of, 1.0)
    return None if right is None else Compare(of, "<" if low else ">", right)


def _previous(m: Found) -> Condition | None:
    """ "double the volume of the candle before", "more volume than the previous candle"."""
    of = _field(m)
    before = replace(of, shift=1)
    low = bool({"less", "lower", "below", "fewer", "smaller", "falling", "declining"} & set(m.text.split()))
    if "x" in m:
        return versus(of, m.word("cmp", ">="), replace(before, factor=m.number("x")))
    if "pct" in m:
        factor = round(1 + (-1 if low else 1) * m.number("pct") / 100, 10)
        return versus(of, "<=" if low else ">=", replace(before, factor=factor))
    return Compare(of, "<" if low else ">", before)


def _named(name: str) -> object:
    def make(m: Found) -> Condition | None:
        factor, op = {"spike": (SPIKE, ">="), "huge": (HUGE, ">"), "busy": (BUSY, ">="), "low": (LOW, "<")}[name]
        m.note(
            f"“{m.text.capitalize()}” became: {_SIZE[op]} {factor:g} times the {USUAL} candle average. "
            "You gave no number."
        )
        of = _field(m)
        return versus(of, op, replace(Operand("average", (USUAL,), of=of), factor=factor))

    return make


def _rising(m: Found) -> Condition | None:
    up = "up" in m
    of = _field(m)
    count = m.values.get("count")
    if isinstance(count, int):
        return Trend(of, "up" if up else "down", count)
    m.note(f"“{m.text.capitalize()}” became: {'more' if up else 'less'} than on the candle before.")
    return Compare(of, ">" if up else "<", replace(of, shift=1))


def _extreme(m: Found) -> Condition | None:
    """ "the highest volume of the last 96 candles"."""
    of = _field(m)
    length = m.values.get("length")
    if not isinstance(length, int | Duration):
        return None
    low = bool({"lowest", "smallest", "least", "quietest", "fewest"} & set(m.text.split()))
    if of.kind == "formula":
        edge = series(
            f"{'lowest' if low else 'highest'}({{0}}, {{n0}})", f"extreme {of.noun}", "volume", of, args=(length,)
        )
    else:
        edge = Operand("lowest_of" if low else "highest_of", (length,), of=of)
    return Compare(of, "<=" if low else ">=", edge)


def _day_volume(m: Found) -> Condition | None:
    """ "24h volume above 10 million": in the quote currency."""
    coins = bool({"coins", "base", "units"} & set(m.text.split()))
    if not coins:
        m.note("The 24 hour volume is in USDT (quote volume).")
    left = (
        ticker("volume", "24h volume", "volume", m.symbol)
        if coins
        else ticker("quote_volume", "24h quote volume", "money", m.symbol)
    )
    return compared(left, m.word("cmp", ">="), m.number("num" if "num" in m else "dollars"))


def _dollars(r: Reader) -> object | None:
    """ "$2m": a number that says itself that it is money."""
    token = r.token("number")
    return token.value if token is not None and token.text.startswith("$") else None


# Order flow.


def _grammar() -> Grammar[Condition]:
    usual = (
        "average; avg; mean; norm; usual; normal; typical; regular; baseline; ordinary; moving average; ma; sma; "
        "simple average; simple moving average; ema; exponential average; usual level; normal level; average level; "
        "typical level"
    )
    kinds = """volume; vol; trading volume; traded volume; volumes; candle volume; turnover; quote volume;
        dollar volume; trades; number of trades; trade count; usdt volume; buy volume; taker buy volume; sell volume;
        taker sell volume; trading; activity; buying volume; selling volume; taker buys;
        taker sells; trading activity; volume bar"""
    lists = LISTS | WORDS | {"vol": kinds, "avg": usual}
    slots = SLOTS | {
        "buy": flag(lists["buyers"], fill=False),
        "sell": flag(lists["sellers"], fill=False),
        "up": flag(
            "rising; increasing; growing; climbing; expanding; building; picking; ramping; swelling; rises; "
            "increases; grows; higher; up"
        ),
        "down": flag(
            "falling; decreasing; declining; shrinking; fading; dropping; drying; contracting; falls; decreases; "
            "declines; lower"
        ),
        "beyond": flag("above; over; higher; more; greater; bigger; larger"),
        "less": flag("below; under; lower; less; beneath; fewer; smaller"),
        "span24": day_span,
        "dollars": _dollars,
    }
    g: Grammar[Condition] = Grammar(lists, slots, on_interval)

    def add(make: object, *templates: str) -> None:
        g.add(make, *templates)  # type: ignore[arg-type]

    # The last 24 hours.
    add(
        _day_volume,
        "{span24} [trading / traded / quote / dollar / usdt]? <vol> [is / of / was]? {cmp}? {num} [usdt / usd / "
        "dollars / $ / coins]?",
        "<vol> [<of> the?] <past>? {span24} [is / of]? {cmp}? {num} [usdt / usd / dollars / $ / coins]?",
        "<vol> [is / of]? {cmp}? {num} [usdt / usd / dollars / $]? [<of> the?] <past>? {span24}",
        "<traded> {cmp}? {num} <money>? [worth]? [of <vol> / in <vol>]? [<of> the?]? <past>? {span24}",
        "{cmp}? {num} <money> [worth]? [has / have / was / were / is]? [been]? [<traded> / of <vol> / in <vol>] "
        "[<of> the?]? <past>? {span24}",
        "{cmp}? {dollars} [worth]? [has / have / was / were / is]? [been]? [<traded> / of <vol> / in <vol>] "
        "[<of> the?]? <past>? {span24}",
    )
    # Order flow: shares of the volume.
    for side in ("buy", "sell"):
        add(
            share,
            f"{{{side}}} [is / are / makes up / make up / made up / of / at / was / were / account for / accounts "
            f"for / takes / take / being / has / have / with / comprise / comprises / represent / represents / hits "
            f"/ reaches]? {{cmp}}? {{share}} [<more>]? [of [all / the / total]? <ofvolume>]?",
            f"{{cmp}}? {{share}} [<more>]? [of / of the / of all / of total]? <ofvolume> [is / are / was / were / "
            f"comes from / come from / being / from / by / bought by / sold by / has been / came from]? {{{side}}}",
            f"{{cmp}} {{share}} {{{side}}}",
            f"{{{side}}} {{cmp}} half [of]? [all / the]? <ofvolume>",
        )
        other = "sell" if side == "buy" else "buy"
        add(
            sides,
            f"{{{side}}} [exceeds / exceed / outweigh / outweighs / outnumber / outpace / beat / outpaces / "
            f"overpower / overwhelm / dominate / tops] [the]? <{'sellers' if side == 'buy' else 'buyers'}> [by]? "
            f"{{num}} [to 1 / to one / : 1]",
            f"{{{side}}} [is / are / was / being]? {{cmp}} [than]? [the]? <{'sellers' if side == 'buy' else 'buyers'}>",
            f"{{{side}}} [is / are / was]? [at least]? {{cmp}}? {{x}} [of / that of / as much as / as high as / "
            f"larger than / bigger than / more than / the size of]? [the]? "
            f"<{'sellers' if side == 'buy' else 'buyers'}>",
            f"{{{side}}} [exceeds / exceed / outweigh / outweighs / outnumber / outpace / beat / outpaces / "
            f"overpower / overwhelm / dominate / tops] [the]? <{'sellers' if side == 'buy' else 'buyers'}> [by]? "
            f"{{x}}",
            f"{{{side}}} [exceeds / exceed / outweigh / outweighs / outnumber / outpace / beat / outpaces / "
            f"overpower / overwhelm / dominate / tops] [the]? <{'sellers' if side == 'buy' else 'buyers'}> [{{num}} "
            f"to 1 / {{num}} to one]?",
            f"[more / heavier / stronger] {{{side}}} than [the]? <{'sellers' if side == 'buy' else 'buyers'}> [[over / "
            f"in / during / across / for] [the]? <past>? {{length}}]?",
            f"{{cmp}}? {{x}} as much {{{side}}} as [the]? <{'sellers' if side == 'buy' else 'buyers'}>",
        )
        del other
        add(delta_share, f"net {{{side}}} [is / of / at]? {{cmp}}? {{pct}} [<more>]? [of [the / all]? <ofvolume>]?")
        add(
            pressure,
            f"{{{side}}} <dominate>",
            f"net {{{side}}}",
            f"[heavy / strong / dominant / aggressive / more]? {{{side}}} pressure",
            f"dominated by {{{side}}}",
        )
    add(
        delta,
        "<delta> [is / are / was / stays / turns / turned / turning / flips / flipped / being]? [positive / negative "
        "/ bullish / bearish / above zero / below zero / green / red / above 0 / below 0] [<dof> the? <past>? "
        "{length}]?",
        "[positive / negative] <delta> [<dof> the? <past>? {length}]?",
        "<delta> <dof> the? <past>? {length} [is / was]? [positive / negative / above zero / below zero / above 0 / "
        "below 0]",
        "<delta> [<dof> the? <past>? {length}]? [is / of]? {cmp} {num}",
        "[sum / total] of? the? <delta> <dof> the? <past>? {length} [is / was]? [positive / negative / above zero / "
        "below zero / above 0 / below 0]",
        "<delta> [is]? [rising / falling / increasing / decreasing / growing / declining]",
        "[rising / falling] <delta>",
    )
    add(delta_share, "<delta> [is / of / at]? {cmp}? {pct} [<more>]? [of [the / all]? <ofvolume>]?")
    add(
        delta_record,
        "<delta> [is]? [at / the / at its]? [highest / lowest / biggest / largest] <of> the? <past>? {length}",
        "[highest / lowest / biggest / largest] <delta> <of> the? <past>? {length}",
        "[sum / total] of? the? <delta> <dof> the? <past>? {summed:length} is? <record> {length} high|highs|low|lows",
        "<delta> sum? [<dof> the? <past>? {summed:length}]? is? <record> {length} high|highs|low|lows",
    )
    # Against the candle before.
    add(
        _previous,
        "<vol> [<link>]? {cmp}? {x} [of / that of]? [the / its]? [<vol> of the?]? <prevcandle>",
        "<vol> [<link>]? {pct} [higher / more / greater / above / over / up / larger / bigger / less / lower / "
        "below] [than / from / on]? [the]? [<vol> of the?]? <prevcandle>",
        "<vol> [<link>]? [up / rises / increased / increases / rose / jumps / down / falls] [by]? [at least / more "
        "than]? {pct} [from / versus / vs / compared to / compared with / over / on / than] [the]? <prevcandle>",
        "<vol> [<link>]? [higher / more / greater / above / larger / bigger / lower / less / below / smaller] than? "
        "[the]? [<vol> of the?]? <prevcandle>",
        "[more / higher / greater / less / lower] <vol> than [on / in / the]? [the]? <prevcandle>",
        "{x} the [<vol> of the]? <prevcandle> <vol>?",
    )
    # Multiples of the usual.
    add(
        _multiple,
        "<vol> [<link>]? {cmp}? {x} [its / the / of / as / above / over / as high as / more than / higher than / "
        "greater than]? [its / the / own]? {length} <avg> [<vol>]?",
        "<vol> [<link>]? {cmp}? {x} [its / the / of / as / above / over / as high as / more than / higher than / "
        "greater than]? [its / the / own]? <avg> [<vol>]? [<of> [the / its]? <past>? {length}]?",
        "{cmp}? {x} [its / the / of / as]? [its / the / own]? {length} <avg> <vol>",
        "{cmp}? {x} [its / the / of / as]? [its / the / own]? {length} [<vol>] <avg>",
        "{cmp}? {x} [its / the / of / as]? [its / the / own]? <avg> {interval} <vol> [<of> [the / its]? <past>? "
        "{length}]?",
        "{cmp}? {x} [its / the / of / as]? [its / the / own]? <avg> [candle / trading]? <vol> [<of> [the / its]? "
        "<past>? {length}]?",
        "{cmp}? {x} [its / the / of / as]? <vol> <avg> [<of> [the / its]? <past>? {length}]?",
        "{cmp}? {x} <vol> [, / -]? [compared with / compared to / versus / vs / against / relative to / of / over / "
        "above] [its / the / their]? {length} <avg> <vol>?",
        "{cmp}? {x} <vol> [, / -]? [compared with / compared to / versus / vs / against / relative to / of / over / "
        "above] [its / the / their]? <avg> [<of> [the / its]? <past>? {length}]?",
        "<vol> [<link>]? {x} [the / its]? <vol>? <avg>",
        "<vol> [<link>]? {cmp}? {pct} [of / the]? [its / the]? {length} <avg> [<vol>]?",
        "<vol> [<link>]? {cmp}? {pct} of [its / the]? <avg> [<vol>]? [<of> [the / its]? <past>? {length}]?",
        "<vol> [<link>]? {cmp}? {pct} [<more>]? [{beyond} / {less}] [than]? [its / the]? {length} <avg> [<vol>]?",
        "<vol> [<link>]? {cmp}? {pct} [<more>]? [{beyond} / {less}] [than]? [its / the]? <avg> [<vol>]? [<of> [the / "
        "its]? <past>? {length}]?",
        "relative volume|vol [<link>]? {cmp}? {x}",
        "{cmp}? {x} [relative / normal / usual / average / avg / the / its]? <vol>",
        "<vol> [<link>]? {cmp}? {x}",
    )
    add(
        _above_average,
        (
            "<vol> [<link>]? [above / over / higher than / greater than / more than / exceeds / beats / > / below / "
            "under / lower than / less than] [its / the / own]? {length} <avg> <vol>?"
        ),
    )
    add(
        _above_average,
        "<vol> [<link>]? [above / over / higher than / greater than / more than / exceeds / > / below / under / "
        "lower than / less than] [its / the / own]? <avg> <vol>? [<of> [the / its]? <past>? {length}]?",
        "[above / below] <avg> <vol>",
        "[higher / more / greater / larger / lower / less / bigger] than <avg> <vol>",
        "[higher / more / lower / less] <vol> than <avg>",
    )
    add(
        _extreme,
        "<vol> [of this candle / of the candle / on this candle]? [is / was / at / hits / makes]? [the / its / a]? "
        "<highest> <of> the? <past>? {length}",
        "[the / its]? <highest> <vol> <of> the? <past>? {length}",
        "<highest> <vol> [candle / bar] <of> the? <past>? {length}",
        "<vol> [is / at / hits / makes]? [at / a]? [new]? {length} high|low",
        "{length} [high / low] in <vol>",
        "{length} <vol> high",
    )
    add(
        _rising,
        "<vol> [has been / is / was / are]? {up} [for / over / in]? [the / at least]? [<past>]? {count} [candles / "
        "bars / candle / bar / in a row / straight]?",
        "<vol> [has been / is / was / are]? {down} [for / over / in]? [the / at least]? [<past>]? {count} [candles / "
        "bars / candle / bar / in a row / straight]?",
        "{up} <vol> [for / over / on]? [the]? [<past>]? {count} [candles / bars / in a row]",
        "{down} <vol> [for / over / on]? [the]? [<past>]? {count} [candles / bars / in a row]",
        "<vol> [is / has been / was / are]? {up} [up]?",
        "<vol> [is / has been / was / are]? {down} [off / up]?",
        "{up} <vol>",
        "{down} <vol>",
    )
    add(
        _named("spike"),
        "<vol> [spike / spikes / spiking / surge / surges / surging / explosion / explodes / exploding / burst / "
        "blowout / breakout / jumps / jump / spiked / surged]",
        "[spike / surge / explosion / jump / burst / uptick] in <vol>",
        "[unusual / abnormal / exceptional / extraordinary / anomalous / spiking / exploding / surging] <vol>",
        "[unusually / abnormally / exceptionally / very / extremely] [high / heavy / large / strong] <vol>",
    )
    add(
        _named("huge"),
        (
            "[huge / massive / enormous / giant / insane / crazy / monster / climactic / extreme / tremendous / "
            "gigantic / whale] <vol>"
        ),
        "<vol> is [huge / massive / enormous / insane / crazy / extreme]",
        "volume climax",
        "climax volume",
    )
    add(
        _named("busy"),
        "[busy / high / heavy / strong / good / big / rich / elevated / solid / large / increased / higher / decent "
        "/ healthy / great / significant / above normal / confirming / more] <vol>",
        "<vol> [is]? [busy / high / heavy / strong / elevated / large / confirms / confirmation / big]",
        "[busy / heavy] trading",
    )
    add(
        _named("low"),
        "[low / quiet / light / thin / dry / weak / dull / tiny / poor / declining interest] <vol>",
        "<vol> is [low / quiet / light / thin / weak / drying up / dead]",
        "<vol> dries up",
        "<vol> dried up",
    )
    return g


_GRAMMAR = _grammar()


def read_flow(r: Reader, symbol: str | None = None) -> Condition | None:
    """A volume event, a multiple of the usual volume, or order flow."""
    return _GRAMMAR.read(r, symbol)
