"""Words of the sentence around its conditions: directions, exits, stops, connectors, negations.

They are learnt beside the lexicon's own rows; a row is a category, a value, and phrases.
"""

from __future__ import annotations

from llm.phrasebook.vocabulary.lexicon import learn_text

_ROWS = """
exit | leave when; leave if; leave once; leave the trade when; i leave when; bail when; bail if; bail out when;
    bail out if; bail; get out when; get out if; get out once; getting out; get me out when; get me out if;
    close when; close if; close it if; close it when; close out when; close out if; close the position when;
    close the position if; close the trade when; close the trade if; take profit if; take profits when; take
    profits if; cover when; cover if; cover the short when; cover;
    cover at; cover it; cover on; i cover; cover the short; cover shorts; take it off; take it off when; take me out;
    take me out when; i give up if; i give up when; i give up once; give up if; give up when; give up once;
    i leave; i bail; i'm out when; i get out; i get out when; i close; i close it; i close when;
    i exit; i exit when; i sell when; i sell if; i sell it when; i take it off; i dump it; dump it; ditch it; ditch
    it when; ditch when; ditch if; kill it when; kill it if; kill the trade when; kill the trade if; i'm gone when;
    i'm out if; i'm out once; gtfo; gtfo when; gtfo if; gtfo once; get out of there when; get out of dodge when;
    scale out when; flat when; flat if; i go flat when; go flat when; go flat if; punt it when; i'm done when;
    i'm done if; close shop when; out on; off when; off if; closing when; closing it when; closing if; exiting when;
    exiting if; exiting on; bailing when; bailing if; bailing on; leaving when; leaving if; sell it back when; eject
    when; eject if; eject; pull the plug when; pull the plug if; pull the plug; abandon ship when; abandon ship if;
    take the money when; take my money when; take profit on; take profit once; jeet when; jeet if; jeet;
    flatten when; flatten if; out when; out if; done
    when; sell it if; sell it when; sell it once; exit once; exit on; exit as soon as; exit the position when;
    exit the position; exits on; exits if; exits once; the exit is; exit rule; exit condition; exit long when;
    exit short when; exit the long when; exit the short when; dump it when; dump it if; sell again when; unwind
    when; i am out when; i'm out when; cash out when; cash out if; get rid of it when; buy back when; buy it
    back when
stop | trailing stop loss; protective stop; hard stop; stop out at; stopped out at; stops at; stop order; my
    stop; initial stop
target | take profits; take my profit; profit taking; tp1; first target; price target; my target; take the
    profit
hold | hold it for; hold it at most; hold for a maximum of; hold for no more than; hold no more than; max hold
    of; maximum holding time of; max holding time of; maximum holding time; holding time; holding period;
    holding time of; time limit; time limit of; time exit after; time stop after; time stop of; exit after; exit
    it after; get out after; leave after; out after; close it after; close out after; close the trade after;
    close the position after; sell it after; for no longer than; kick it out after; time based exit after; exit
    at the latest after; close at the latest after; stay in for; stay in for at most; keep it for; keep it for
    at most; max hold is; hold is; hold max; hold them for; holding for; holding it for
direction long | ape; ape in; ape into; aping; aping in; aped; go all in; scoop up; accumulate; dip buy; i buy;
    to buy; get long; be long; going long; i go long; long the; bullish bias; buy the; buy it; long side; long
    bias; want to be long; looking for longs; look for longs
direction short | fade; fades; fading; faded; fade it; fade the; look for shorts; looking for shorts; for
    shorts; for a short; short it; short the; short symbols; shorted; to short; be short; get short; going
    short; i go short; short side; bearish bias; short bias; want to be short; sell it short; selling short;
    looking to short; look to short; short sell; short selling; rug alert
compare > | held above; stayed above; remained above; kept above; has held above; sat above; held over; stayed
    over; stay above; hold above; remain above
compare < | held below; stayed below; remained below; kept below; has held below; sat below; held under; stayed
    under; stay below; hold below; remain below
not | neither; ain't; aint; wasn't; weren't; won't be; haven't; isnt; arent; doesnt; dont; hasnt; havent; wasnt;
    has yet to; must not be; may not be; should not be; shouldn't be; mustn't; mustn't be; need not; not
    currently; not already; still not; not yet
unless | nothing on; nothing if; nothing when; nothing while; nothing during; but nothing on; and nothing on; but
    nothing if; but nothing when; and nothing when; and nothing if; skip; skipping; skips;
    never on; but not on; not on; just not on; i skip; only not on; no trades on; no longs
    on; no shorts on; i don't want it if; i don't want it when; don't want it if; don't want it when;
    not interested if; not
    interested when; no thanks if; no thanks when; pass if; pass when; i pass if; i pass when; i skip it if; i skip
    it when; i skip if; i skip when; skip the trade if; skip the trade when; i don't take it if; i don't take it
    when; don't take it if; don't take it when; i stay out if; i stay out when; stay out if; stay out when; i sit
    out if; i sit out when; sit out when; sit it out if; i leave it if; i leave it alone if; leave it alone if;
    leave it alone when; i don't touch it if; i don't touch it when; don't touch it if; don't touch it when; i won't
    touch it if; i won't take it if; i won't buy if; i don't bother if; i don't bother when; don't bother if; don't
    bother when; stay away if; stay away when; i stay away if; i stay away when; hands off if; hands off when; no
    dice if; no go if; no go when; void if; invalid if; cancelled if; forget it if; forget it when; not when; nope
    if; nope when; i ignore it if; i ignore it when; i want nothing to do with it if; i don't want to see it if; i
    don't want it while; not while; but not while; except; except for; except where; except on; apart from when;
    other than when; but never when; but
    never if; never when; never if; skip when; skip if; skip it if; skip it when; skip those where; ignore if;
    ignore it if; ignore it when; avoid when; avoid if; avoid it when; leave out when; leave them out when; but
    skip it when; but skip it if; only not when; only not if
while | yet; also requiring; at the same time; simultaneously; at the same time as; all while; but only if; but
    only when; but also; subject to; in addition; additionally; moreover; furthermore; as well; on top of that;
    assuming; assuming that; though; although; even though; on the condition that; and at the same time; and
    also when; also; and simultaneously; require; requires; requiring; filtered by; filter by; as long as; and
    where; and if; and whenever; and once; and still; and then; with the condition that; under the condition that;
    with the additional condition that; in combination with; make sure; make sure that; and make sure; and make sure
    that; making sure; making sure that; confirmed by the fact that; given the fact that; in case; in the case that;
    in the event that; conditions; condition; trigger; triggers; entry conditions; entry condition; entry rules; the
    rules are; the conditions are; plus the condition that; on top of which; coupled with; paired with; backed by;
    supported by the fact that; together with the fact that
direction short | i sell these; i sell those; i sell them short; these i sell; those i sell; that one i sell
or | or alternatively; alternatively; or instead; or also; or maybe; or else if; or whenever; or once; and/or;
    or possibly
"""

learn_text(_ROWS)
