"""The word lists of the market as a whole: leads, ranks and breadth: named in templates as `<name>`, phrases
separated by semicolons."""

WORDS: dict[str, str] = {
    "all": "all; all the; all of the; the; of all; every; the whole; our; my; other",
    "of": """
        of; of the; of all; of all the; in; in the; among; among the; across; across the; out of; out of all; from;
        over""",
    "beats": """
        outperforms; outperform; outperforming; outperformed; beats; beat; beating; beaten; stronger than; leads;
        leading; outpaces; outpacing; outpaced; smoking; smokes; smoked; crushing; crushes; does better than; doing
        better than; did better than; has gained more than; gained more than; gaining more than; gains more than;
        rises more than; rose more than; rises faster than; rose faster than; is up more than; up more than; performs
        better than; performing better than; performed better than; outrunning; outruns; outran; shows relative
        strength against; relative strength against; relative strength versus; relative strength vs; relative strength
        to; relatively strong against; relative strength over; ahead of; higher return than; better return than; moves
        more than; climbing faster than; climbed more than; running ahead of; better than; exceeds; exceeding;
        outgains; outgained; destroying; destroys; runs ahead of; holding up better than; holds up better than;
        stronger against; strong against; faster than; has outperformed; has beaten; is beating; is outperforming;
        larger gain than; bigger gain than; increased more than; pumping harder than; returned more than; returns more
        than; made more than""",
    "lags": """
        underperforms; underperform; underperforming; underperformed; weaker than; lags; lagging; lagged; lags behind;
        lagging behind; does worse than; doing worse than; did worse than; has gained less than; gained less than;
        gains less than; trails; trailing; trailed; performs worse than; performing worse than; relative weakness
        against; relative weakness versus; relative weakness vs; relative weakness to; weak against; behind; fell more
        than; falls more than; dropped more than; drops more than; is down more than; down more than; lost more than;
        worse than; slower than; lower return than; has underperformed; has lagged; returned less than; rises less
        than; rose less than; falling more than; falling faster than; bleeding more than; bleeding against""",
    "points": """
        percentage points; points; percent points; pp; pct points; point; percentage point; percent; ppts; basis""",
    "market": """
        the market; market; market average; the market average; the average coin; average coin; the rest of the
        market; rest; the mean of the market; market mean; the market's mean; the average of the market; all other
        coins; the others; the average symbol; average of all symbols; average of all coins; the other coins; other
        coins; the crowd; average market; the average; the broad market; overall market; everything else; average
        altcoin; average of the market; mean of all symbols; mean of the market""",
    "top": """
        top; best; strongest; biggest; largest; highest; leading; hottest; first; most; highest ranked; top ranked;
        best performing; strongest performing""",
    "bottom": """
        bottom; worst; weakest; smallest; lowest; least; worst performing; weakest performing; last; lowest ranked;
        bottom ranked""",
    "gainers": """
        gainers; gainer; winners; performers; movers; movers up; coins; symbols; pairs; top gainers; risers; runners;
        names; markets; tokens; assets; performing coins; performing symbols; best performers; coins up; leaders;
        coin; symbol; altcoins; alts; movers to the upside""",
    "losers": """
        losers; loser; decliners; fallers; laggards; droppers; worst performers; losing coins; biggest losers; falling
        coins; dumpers; losing symbols; falling symbols; losing pairs; underperformers; movers down; bleeders""",
    "inthe": """
        in the; in; among the; among; one of the; within the; part of the; inside the; belongs to the; of the; is in
        the; is among the; the; ranks in the; ranked in the; ranks among the; is one of the; from the; only the; only;
        sits in the; amongst the""",
    "universe": """
        the market; market; all symbols; all coins; the universe; symbols; coins; all; pairs; all pairs; the pack; the
        field; every symbol; all markets; the list; universe; all tokens; them; others; all assets; the whole market;
        assets; the symbols; the coins; tokens""",
    "are": """
        are; is; has; have; trade; trades; close; closes; with; being; currently; now; that are; which are; sit; sits;
        trading; whose; have a; with a; have an; with an; showing; show; hold; stay; having""",
    "flat": "flat; unchanged; sideways; stable; quiet",
}
