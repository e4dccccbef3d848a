"""The word lists of volume and order flow: named in templates as `<name>`, phrases separated by semicolons."""

WORDS: dict[str, str] = {
    "link": """
        is; was; at; of; hits; reaches; comes in at; stands at; runs at; goes to; like; being; to; with; on; jumps to;
        are; has; it's; spikes to; surges to; explodes to; jumped to; rises to; traded; has been; must be; should be;
        by; around; roughly; about; goes; just; spiking to; now; currently; well; :; comes at; printing; prints; with
        at; of at; climbs to; going; did; does; doing""",
    "traded": """
        traded; trades; trading; trade; turned over; turns over; turning over; turnover; changed hands; changing hands;
        changes hands; has traded; have traded""",
    "money": "usdt; usd; dollars; dollar; $; bucks; usdc; worth",
    "of": """
        of; in; over; from; within; during; for; of the; in the; over the; within the; during the; for the; from the;
        across the; across""",
    "past": "last; past; previous; prior; preceding; most recent; recent; trailing",
    "highest": """
        highest; biggest; largest; record; maximum; greatest; max; highest it has been; heaviest; the highest; most;
        lowest; smallest; least; minimum; quietest; fewest""",
    "prevcandle": """
        previous candle; candle before; previous bar; prior candle; prior bar; last candle; bar before; one before;
        day before; previous day; yesterday; yesterday's; last one; preceding candle; previous candle's; previous one;
        hour before; previous hour; last bar; that of the previous candle; that of the candle before; previous
        candle's volume; candle before it; one before it; previous volume""",
    "buyers": """
        taker buy volume; takers lift; takers lifting; takers lifted; takers buy;
        taker buys; taker buyers; buy volume; aggressive buying; taker buying; market buys; market
        buying; buyers; buying; buying volume; taker buy; aggressive buyers; buy side volume; buyer volume; market buy
        volume; bids; buys; buy pressure; buying pressure; taker bought volume; bought volume; buy taker volume;
        buyers' volume; buy side; bid volume; aggressive buy volume; taker-buy volume; buy market orders; market buy
        orders; taker buy ratio; buy ratio; buy share; share of taker buys; share of buy volume; taker buy share;
        share of taker buying; share of buyers; buyer share; buyers' share; share of market buys; share of aggressive
        buying; proportion of buy volume; taker buy percentage; percentage of taker buys; lifting the ask; buy taker;
        takers buying; upvolume; up volume""",
    "sellers": """
        taker sell volume; takers hit; takers hitting; takers sell; takers dump;
        taker sells; taker sellers; sell volume; aggressive selling; taker selling; market sells;
        market selling; sellers; selling; selling volume; taker sell; aggressive sellers; sell side volume; seller
        volume; market sell volume; sells; sell pressure; selling pressure; sold volume; sell taker volume; sellers'
        volume; sell side; ask volume; aggressive sell volume; taker-sell volume; sell market orders; market sell
        orders; taker sell ratio; sell ratio; sell share; share of taker sells; share of sell volume; taker sell
        share; share of taker selling; share of sellers; seller share; sellers' share; share of market sells; share of
        aggressive selling; taker sell percentage; hitting the bid; sell taker; takers selling; downvolume; down
        volume""",
    "ofvolume": """
        volume; total volume; all volume; the volume; trading volume; whole volume; vol; traded volume; overall
        volume; total; trades; flow; the flow; the tape; the candle's volume; candle's volume""",
    "dominate": """
        dominate; dominates; dominating; are in control; in control; outweigh; prevail; lead; are dominant; dominant;
        are stronger; stronger; win; are winning; are aggressive; aggressive; in charge; are in charge; step in;
        stepping in; have the upper hand; pile in; are leading; take over; are dominating""",
    "delta": """
        volume delta; delta; cumulative delta; cumulative volume delta; cvd; net volume; net taker volume; taker
        delta; order flow delta; order flow; buy sell delta; delta volume; net flow; net order flow; order flow
        imbalance; taker volume delta; net delta""",
    "dof": "of; in; over; within; during; summed over; across",
    "day": "24h; 24 h; 24 hour; 24 hours; daily; 24hr",
    "record": """
        at a; at its; at a new; makes a new; make a new; making a new; makes new; making new; hits a new; hits a;
        hitting a new; makes a; sets a new; prints a new; printing a new; reaches a new; reaches a""",
}
