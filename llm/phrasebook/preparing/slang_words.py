"""More of what traders say: participles that say where something is, words for a trade, and words that say nothing.

The rows are those of `slang`: phrases, what they stand for, and a note where a phrase is open. Rows that are a verb and
a place ("buried under", "popped back over") are made of both.
"""

from __future__ import annotations

from itertools import product

# "RSI scraping under 22" says where it is, and not that it went there.
_IS_BELOW = """
scraping; scraping along; scraping the floor; scraping the barrel; scraping the bottom; buried; dead; stuck; pinned;
bottomed; bottoming; languishing; rotting; drowning; bleeding; bleeding out; grinding; limping; lying; wallowing;
crawling; crawling along; sleeping; comatose; flatlining; flatlined; dying; hovering; parked; nuked to; puked to;
sunk; suppressed; capped; trapped
""".replace("\n", " ").strip()
_IS_ABOVE = """
pinned; stuck; screaming; perched; cruising; riding; grinding; hovering; parked; blazing; roaring; raging; soaring;
floating; surfing; boiling; cooking; glued; maxed out; redlining
""".replace("\n", " ").strip()
_BACK_UP = """
popped; poked; jumped; snapped; climbed; hopped; crept; crawled; snuck; ticked; ripped; bounced; clawed; clawed its
way; squeezed; reclaimed its way; shot; spiked; hops; creeps; crawls; sneaks; claws; claws its way; squeezes;
shoots; jumping; popping; climbing; snapping
""".replace("\n", " ").strip()
_BACK_DOWN = """
rolled; dipped; slipped; tanked; dumped; slid; sank; sunk; faded; leaked; tanks; dumps; slides; sinks; fades; leaks;
rolling; slipping; sliding; rolled over; rolls over; rolling over
""".replace("\n", " ").strip()
_BELOW, _ABOVE = ("under", "below", "beneath"), ("above", "over")
_GONE_UP = ("back over", "back above", "back up over", "back up above", "back up through")
_GONE_DOWN = ("back under", "back below", "back down under", "back down below", "back down through")
_THINGS = (
    *("that trash", "this trash", "that garbage", "this garbage", "that beast", "this beast", "that turd", "this turd"),
    *(
        "that dog",
        "this dog",
        "that pig",
        "this pig",
        "that pos",
        "this pos",
        "that sucker",
        "this sucker",
        "that junk",
    ),
    *("that junk", "that crap", "this crap", "that bad boy", "that mf", "this mf"),
)
_BUYING = ("longing", "bidding", "aping", "ape", "bid", "long")
_SELLING = ("shorting", "fading", "selling short")

_OTHERS = """
i'm bidding; im bidding; im longing; i'm longing; im buying; i'm buying; im aping; i'm aping; im aping in; i'm aping
    in; im long; i'm long; im in long; i'm in long; i hit buy; hit buy; i smash buy; mash buy; i mash buy; i press
    buy; press buy; i click buy; click buy; market buy it; load up; load the boat; load the truck; back up the
    truck; back the truck up; scoop it; scoop it up; scoop some; snag it; snag some; nibble; fomo in; ape in hard;
    full degen long; degen long; max long; slam long; yolo long; yolo in; send a long; punt a long; clip a long;
    knife catch; catch the knife; catch the falling knife; catch a knife; knife catch it; knife catch szn; knife
    catching szn; dip buy; dip buy it; btfd; i'm a buyer; im a buyer; we ride; let's ride; lets ride; time to bid;
    time to buy; time to ape; time to long; time to get long; time to go long; gimme longs; gimme a long; gib long;
    bids in; fade it long; i fade it long; fade this long; fading it long; fade that long; fade long | buy
i hit sell; hit sell; i smash sell; smash sell; mash sell; i mash sell; i press sell; press sell; i click sell;
    click sell; im shorting; i'm shorting; im short; i'm short; im in short; i'm in short; im out short; im fading;
    i'm fading; slam it short; slam short; full degen short; degen short; max short; yolo short; send a short; punt
    a short; clip a short; i'm a seller; im a seller; time to short; time to fade; time to get short; time to go
    short; gimme shorts; gimme a short; gib short; fade it; fade this; fade it hard; fade the pump; fade the rip;
    short the rip; short the pump; short it to zero; short it into oblivion; short tf out of it; short szn; bear szn
    | short
red close; red closes | red candle
wick taps; wick tags; wick touches; wick hits; wick tapped; wick tagged; wick touched; wick hit; wicks tap; wicks
    touch; wick reaches | price touches
taps; tapped; taps into; tapped into; kisses; kissed; smooches | touches
price pops up to touch; price pops up to tag; price pops to tag; price rallies up to touch; price pushes up to
    touch; price pushes up to tag; price pokes up to touch; price comes up to touch; price comes up to tag; price
    wicks up to touch; price bounces up to touch; price climbs up to touch; price runs up to touch; price runs up to
    tag | the high is at or above
price dips to touch; price dips to tag; price dips down to touch; price drops to touch; price drops down to touch;
    price drops to tag; price comes down to touch; price comes down to tag; price wicks down to touch; price falls
    to touch | the low is at or below
fails to close above; failed to close above; fails to close over; failed to close over; but fails to get a close
    above; fails to get a close above; never manages to close above | can't close above
fails to close below; failed to close below; fails to close under; failed to close under; fails to get a close below
    | can't close below
green close; green closes | green candle
vol candle; vol bar; volume candle; volume bar; vol node | volume
slapped down from; got slapped down from; got slapped at; gets slapped at; got slapped by; gets slapped by; smacked
    down from; got smacked at; gets smacked at; got smacked by; got swatted at; gets swatted at; got stuffed at;
    gets stuffed at; got denied at; gets denied at; got curb stomped at; got bodied at; gets bodied at; bonked at;
    gets bonked at; got bonked at; got bonked by; got rugged at; gets rekt at; got rekt at | is rejected at
bounced hard off; bounces hard off; bounced clean off; bounces clean off; bounced nicely off; trampolines off;
    trampolined off; springboards off; bounced right off; bounces right off; ricochets off; ricocheted off | bounces
    off
lads; boys; fam; frens; fren; anon; anons; chads; degens; homies; gents; lfg; lfgg; lfggg; wagmi; ngmi; szn; ser;
    sers; bruh; brah; gg; gl; iykyk; dyor; nfa; not financial advice; no cap; fr fr; frfr; ong; imo; imho; ngl; tbh;
    kek; kekw; wen lambo; wen moon; wen bounce; to valhalla; to the moon; to goblin town; whale alert; alert alert;
    alt szn; altszn; crime szn; bull szn; funding aside; we're so back; we are so back; were so back; it's so over;
    its so over; we so back; trust me bro; hopium; copium; bullish af; bearish af; cant go tits up; can't go tits
    up; free money; ez money; easy money; ez clap; printer go brrr; money printer go brrr; probably nothing; few
    understand; iykwim; ngl fam | ,
"""


def _made(verbs: str, places: tuple[str, ...], plain: str) -> str:
    return "; ".join(f"{verb.strip()} {place}" for verb, place in product(verbs.split(";"), places)) + f" | {plain}"


def rows() -> str:
    """All rows, as lines of `slang`'s table."""
    made = (
        _made(_IS_BELOW, _BELOW, "stays below"),
        _made(_IS_ABOVE, _ABOVE, "stays above"),
        _made(_BACK_UP, _GONE_UP, "crosses above"),
        _made(_BACK_DOWN, _GONE_DOWN, "crosses below"),
        _made("ripping", _ABOVE, "stays above | “{said}” became: is above."),
        "; ".join(_THINGS) + " | it",
        _made("keep; keep on; = keep; = keep on; = start; just keep", _BUYING, ". buy"),
        _made("keep; keep on; = keep; = keep on; = start; just keep", _SELLING, ". short"),
    )
    return "\n".join((_OTHERS.strip(), *made))
