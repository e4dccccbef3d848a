"""What traders say in other words: "volly" is the volume, "sub 30" is below 30, "nukes through" is a break downwards.

1. A row is phrases and what they stand for; the tokens are replaced, each keeping the place of what it was made from.
2. Where a phrase is open, its row has a note behind a second bar: it is stated as assumed.
3. "We", "this one", "the alt" before a predicate are the price.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from llm.phrasebook.preparing import slang_setups, slang_words
from llm.phrasebook.vocabulary.tokens import Token, tokenise

_ROWS = """
volly; vollies; volu | volume
corn; king corn; the king; daddy btc; papa btc; mother btc; big daddy btc | bitcoin |
    “{said}” became: Bitcoin.
sub | below
north of | above
south of | below
rips thru; ripping thru; ripped thru; rip thru; rips through; ripping through; ripped through; rip through; blasts
    through; blasted through; blasting through; blast through; smashes through; smashed through; smash through;
    punches
    through; punched through; punching through; punch through; pokes through; poked through; powers through; powered
    through; barges through; bursts through; burst through; pushes up through; pushes through; busts through; busted
    through; rips above; ripped above; rips over; ripped over; rips past; blasts past; blasts above; smashes above;
    punches above; pokes above; pokes over; sends it through; sends through; sends it above; rips back above;
    rip above;
    rip over; ticks back up above; ticks back up over; comes back up above;
    comes back up over; gets back up above; gets back up over; gets back above; gets back over; pushes back above;
    pushes back over; pokes back above; pokes back over; pops back up through; turns back up above;
    turns back up over; pops back above; pops back over; jumps back above; jumps back over; snaps back above;
    snaps back over;
    climbs back above; climbs back over; climbs back through; moves back above; moves back over; pops through;
    comes up
    out through; curls up through; curling up through; curled up through; curl up through; curls up over; curling up
    over; curls up above; curling up above; hooks up through; hooking up through; turns up through;
    turning up through;
    teleports above; teleports over; teleports through; teleports past; ticks back over; ticks back above; pops up
    through; shoots through; shoots above; shoots past; curls through; curling through; comes roaring back over; comes
    roaring back above; poking through; poking above; poking its head above; pokes its head above | crosses above
nukes through; nuked through; nuking through; nuke through; slices down through; sliced down through; plunges through;
    plunges below; plunges under; tanks below; tanks under; tanks through; bleeds below; bleeds under; bleeds through;
    pukes below; pukes through; dumps through; dumps below; dumps under; dumped through; dumped below; nukes below;
    nukes under; nuked below; rolls back below; rolls back under; rolls under; rolls below; falls back below; falls
    back under; dips back below; dips back under; drops back below; drops back under; curls down through; curling down
    through; curls down under; curling down under; curls down below; curling down below; hooks down through;
    turns down
    through; turning down through; rolls over through; dropping back below; dropping back under; falling back below;
    falling back under; dropping back through; knifes through; knifes below; teleports below; teleports under;
    gives up;
    gave up; caves through; rejects below; slips back under; slips back below; craters through; craters below |
    crosses below
takes out; taking out; took out; take out; clears out; smashes; smashed; obliterates; blows past; blew past; blows
    through; busts; cracks; cracked | breaks
nukes; nuked; pukes; puked; tanks; tanked; craters; cratered; bleeds; bled; plunges; plunged; rugs;
    rugged; shits the bed; got rekt; gets rekt; sheds; shed; gives back; gave back | drops
rips; ripped; ripping; mooned; moons; ran; sent it up; teleported up; teleports up; teleported; flew; flies;
    rocketed; rockets; blasted; blasts; shot up; shoots up; put on; puts on; melts up; melted up | rises
bleeding; grinding down; bleeding out; trickling down; drifting lower; drifting down; sliding lower; in free fall |
    falling
grinding up; grinding higher; ripping higher; creeping up; creeping higher; drifting up; drifting higher; trickling up;
    going vertical; going parabolic; grinds up; grinds higher; curling higher; angling up; tilting up;
    sloped upwards |
    rising
cooked; overcooked; toasty; overheated; overbaked; overextended to the upside; frothy; toppy; red hot; well cooked |
    overbought | “{said}” became: overbought.
undercooked; bottomed out; washed out; puked out; oversold af; oversold as hell; deep oversold; super oversold; crazy
    oversold; mega oversold; deeply oversold; oversold asf; overcooked to the downside | oversold |
    “{said}” became: oversold.
overbought af; overbought as hell; super overbought; crazy overbought; mega overbought | overbought
bull x; bullish x; bull xover; bull cross over; golden x over | bullish cross
bear x; bearish x; bear xover; bear cross over | bearish cross
golden x | golden cross
death x | death cross
pumpers; pumpoors; pumpooors; runners; top movers | gainers
dumpers; dumpoors; bleeders | losers
mid bb; bb mid; bb basis; bb mean | middle bollinger band
god candle; god candles | green candle with the close at least 5% above the open |
    “{said}” became: a close 5% above its open.
scam wick; scam wicks; scam wick down; liquidation wick; stop hunt wick | lower wick at least 2 times the body |
    “{said}” became: a lower wick of twice the body or more.
scam wick up; scam pump wick | upper wick at least 2 times the body |
    “{said}” became: an upper wick of twice the body or more.
ath of the last; all time high of the last; ath over the last; ath in the last; ath of the past | high of the last
atl of the last; all time low of the last; atl over the last; atl in the last; atl of the past | low of the last
= bid it; = full send long; = long it; = buy it; = i buy; = ape; = send; = buy; = long; = bid; = full send | . buy
= short it; = short; = sell it; = i short; = full send short; = fade | . short
bid it; bid this; bid here; i'm bidding; i bid; we bid; bid the dip; smash buy; smash the bid; slap the bid; full
    port; fire up a long; pull the trigger; bid hard | buy
volume beats; volume tops; volume beating; volume smashes; volume is beating; volume outdoes | volume above
i . e .; i . e; ie; aka; in other words; that is to say; meaning that; which means; which is to say; by which i mean;
    i meant; meaning | meaning
chopping; chopping around; crabbing; crabbing around; chopping sideways; going nowhere; rangebound;
    range bound | sideways
the biggest volume of the last; biggest volume of the last; the highest volume of the last; highest volume of the last;
    the largest volume of the last; the most volume of the last; biggest volume in the last; the biggest volume in the
    last; highest volume in the last; the highest volume in the last | volume is the highest of the last
over its high; above its high;
    over its highs | above the previous candle's high | “{said}” became: of the candle before.
under its low; below its low;
    under its lows | below the previous candle's low | “{said}” became: of the candle before.
squeeze is no longer on; squeeze no longer on; squeeze lets go; squeeze turns off; squeeze comes off; squeeze just
    ended; squeeze ends; squeeze is over; squeeze has ended; squeeze is off now; squeeze has let go | squeeze fires
green day; up day | green daily candle
red day; down day | red daily candle
a wick above; every wick above; any wick above; each wick above; a wick over; every wick over | high above
a wick below; every wick below; any wick below; each wick below; a wick under; every wick under | low below
outpaced; outpaces; outran; outruns; outpacing; outdid; beat; outperformed; outperforms | outperforms
underperformed | underperforms
"""
_SUBJECTS_SAID = """
we; we're; the alt; this alt; the alt itself; this one; this one here; the coin itself; the coin; this coin; coin's;
the coin's; alt's; the alt's; this thing; the thing; the token; this token; this guy; this lil guy; she; price's;
the bad boy; this puppy; this bad boy; px; the chart; the pair; the shitcoin; the bag; my alt; my bag; my bags; my
coin; my shitcoin; my token; this shitcoin; this bag; shes; she's; hes; he's; this dog; this pig; this turd; the
dog; the beast; some coin; some alt; any coin; any alt; a coin; an alt
"""
_SUBJECTS: dict[str, list[tuple[str, ...]]] = {}
for _phrase in _SUBJECTS_SAID.split(";"):
    _SUBJECTS.setdefault(_phrase.split()[0], []).append(tuple(_phrase.split()))
_PLACES = frozenset("above below over under back within near inside outside at between beneath".split())
_TRADERS = frozenset("it price coin which that and still he we alt token symbol btc eth also , now".split())
# Behind one of these a signed number is a level and no sum.
_BEFORE_SIGNED = frozenset(
    """
    through above below over under than least most to at of between and from past beyond < > = <= >= is was reaches hits
    around near either
    """.split()
)
_ADVERBS = frozenset("is are has have just still now also already currently only even both back was".split())
_SAID_OF_SUPERTREND = frozenset("green red bullish bearish buy sell long short up down".split())
_SAID_OF_PRICES = frozenset(
    """
    above below over under near within inside outside between closes closed closing close trades trading trade holds
    holding hold sits sitting breaks break breaking loses lose losing lost reclaims reclaim reclaimed crosses cross
    crossed tags tag tagged touches touch touched drops dropped drop falls fell rises rose green red up down north south
    oversold overbought bounces bounced gains gained outperforms underperforms beating lagging stays stayed dips dipped
    popped pops poked nuked nukes ripped rips pumped pumps dumped dumps mooned moons tanked tanks bled bleeds bleeding
    jumped jumps snapped climbed climbs crept slipped slips rolled rolls puked pukes cratered grinding
    """.split()
)


def _rows() -> dict[str, list[tuple[tuple[str, ...], list[Token], str]]]:
    found: dict[str, list[tuple[tuple[str, ...], list[Token], str]]] = {}
    for line in f"{_ROWS.strip()}\n{slang_words.rows()}\n{slang_setups.ROWS.strip()}".replace(
        "\n    ", " "
    ).splitlines():
        said, plain, note = (*(part.strip() for part in line.split(" | ")), "")[:3]
        for phrase in said.split(";"):
            words = tuple(phrase.split())
            found.setdefault(words[0], []).append((words, tokenise(plain.removesuffix(" |")), note))
    for rows in found.values():
        rows.sort(key=lambda row: -len(row[0]))
    return found


_TABLE = _rows()


def plain_words(tokens: list[Token], note: Callable[[str], None]) -> list[Token]:
    """The tokens with slang written out; `note` is told of what could mean something else."""
    out: list[Token] = []
    at = 0
    while at < len(tokens):
        row = _row(tokens, at)
        subject = _subject(tokens, at) if row is None else 0
        if row is not None:
            words, plain, said = row
            first, last = tokens[at], tokens[at + len(words) - 1]
            out.extend(replace(token, start=first.start, end=last.end) for token in plain)
            if said:
                note(said.format(said=" ".join(words).capitalize()))
            at += len(words)
        elif _trading(tokens, at):
            out.append(replace(tokens[at], text="is"))
            at += 1
        elif subject:
            out.append(Token("word", "price", 0.0, tokens[at].start, tokens[at + subject - 1].end))
            at += subject
        else:
            out.append(tokens[at])
            at += 1
    return out


def _row(tokens: list[Token], at: int) -> tuple[tuple[str, ...], list[Token], str] | None:
    for words, plain, note in _TABLE.get(tokens[at].text, ()):
        if tuple(token.text for token in tokens[at : at + len(words)]) != words:
            continue
        behind = tokens[at + len(words)] if at + len(words) < len(tokens) else None
        if words == ("st",) and (behind is None or behind.text not in _SAID_OF_SUPERTREND):
            continue
        if words == ("sub",) and (behind is None or behind.kind not in ("number", "percent")):
            continue
        if words[0] == "beat" and (behind is None or behind.kind != "word"):
            continue
        return words, plain, note
    return None


def _trading(tokens: list[Token], at: int) -> bool:
    """Whether "trades" is a verb here, "it trades below its 50 EMA", and not the number of trades."""
    behind = tokens[at + 1].text if at + 1 < len(tokens) else ""
    before = tokens[at - 1].text if at else ""
    if any(token.text in ("closes", "closed", "close", "closing") for token in tokens[at + 1 : at + 10]):
        return False  # "It trades above the EMA but closes below it" says where it went.
    return tokens[at].text == "trades" and behind in _PLACES and before in _TRADERS


def _subject(tokens: list[Token], at: int) -> int:
    """How many tokens name the price here: a word for it, and behind it something that is said of a price."""
    best = 0
    for words in _SUBJECTS.get(tokens[at].text, ()):
        if len(words) <= best or tuple(token.text for token in tokens[at : at + len(words)]) != words:
            continue
        behind = at + len(words)
        while behind < len(tokens) and tokens[behind].text in _ADVERBS:
            behind += 1
        if behind < len(tokens) and tokens[behind].text in _SAID_OF_PRICES:
            best = len(words)
    return best


def signed_numbers(tokens: list[Token]) -> list[Token]:
    """ "Through minus 100", "above +100": one number. The mark of a plural's owner ("20 candles' high") is dropped."""
    out: list[Token] = []
    for token in tokens:
        last = out[-1] if out else None
        before = out[-2].text if len(out) > 1 else ""
        if token.kind == "number" and last is not None and before in _BEFORE_SIGNED:
            if last.text in ("minus", "negative"):
                out[-1] = replace(token, text=f"-{token.text}", value=-token.value, start=last.start)
                continue
            if last.text in ("+", "plus") and (last.text == "plus" or last.end == token.start):
                out[-1] = replace(token, start=last.start)
                continue
        owned = token.text == "'" and last is not None and last.end == token.start and last.text.endswith("s")
        if not owned:
            out.append(token)
    return out
