"""Set-ups that go by a name of the trade: what each became is said, and what could be either side is not read.

The rows are those of `slang`. A swing failure without a side, a dead cat bounce, a capitulation, a Bart have no one
meaning: they have no row, and are left over.
"""

from __future__ import annotations

ROWS = """
bullish sfp; bull sfp; sfp of the low; sfp of the lows; sfp at the low; sfp at the lows; sfp low; swing failure at the
    low; swing failure at the lows; swing failure of the lows; liq sweep of the lows; liq sweep of the low; liq grab
    below the lows; sweep and reclaim of the lows; sweeps range low; sweeps the range low; swept the range low; swept
    range low; sweeps the lows and reclaims; deviates below range low; bullish swing failure; low swept and reclaimed |
    sweep of the lows
bearish sfp; bear sfp; sfp of the high; sfp of the highs; sfp at the high; sfp at the highs; sfp high; swing failure at
    the high; swing failure at the highs; swing failure of the highs; liq sweep of the highs; liq sweep of the high;
    liq grab above the highs; sweeps range high; sweeps the range high; swept the range high; swept range high;
    deviates above range high; bearish swing failure | sweep of the highs
bullish bos; bullish break of structure; bos up; bos upwards; bos to the upside; break of structure to the upside;
    break of structure up | breakout | “{said}” became: a close above the highest high of 20 candles.
bearish bos; bearish break of structure; bos down; bos downwards; bos to the downside; break of structure to the
    downside; break of structure down | breakdown | “{said}” became: a close below the lowest low of 20 candles.
at range low; at the range low; at range lows; at the range lows; at the bottom of the range | touches support |
    “{said}” became: the low reaches the lowest low of the candles before.
at range high; at the range high; at range highs; at the range highs; at the top of the range | touches resistance |
    “{said}” became: the high reaches the highest high of the candles before.
pure chop; total chop; in chop; in the chop; chop zone; choppy af; sideways chop |
    sideways | “{said}” became: sideways.
no chop; not chop; zero chop; out of the chop | not sideways | “{said}” became: not sideways.
lower wick rejection; rejection wick below; rejection wick down; long lower wick rejection; wick rejection of the lows;
    bullish wick rejection; bullish rejection wick | lower wick at least 2 times the body |
    “{said}” became: a lower wick of twice the body or more.
upper wick rejection; rejection wick above; rejection wick up; long upper wick rejection; wick rejection of the highs;
    bearish wick rejection; bearish rejection wick | upper wick at least 2 times the body |
    “{said}” became: an upper wick of twice the body or more.
wick rejection at; wick rejection off; wick rejection from; wicky rejection at | rejection at
flips resistance into support; flips resistance to support; resistance flips to support; resistance flipped to support;
    resistance turned support; resistance flips into support; resistance becomes support | breakout and retest |
    “{said}” became: a breakout and its retest.
support flips to resistance; support flipped to resistance; support turned resistance; support becomes resistance;
    flips support into resistance; flips support to resistance; support flips into resistance |
    retest of the breakdown | “{said}” became: a breakdown and its retest.
retest and hold of; retests and holds; retested and held; retest and holds; retest hold of | retests
wide range bar; wide range candle; wrb | candle range at least 2 times the atr |
    “{said}” became: a range of twice the ATR or more.
sits on top of; sitting on top of | stays above
sitting on; sitting right on; sits on; sits right on; resting on; rests on; camped on; parked on; chilling on |
    is near | “{said}” became: near.
hugging; hugs; is hugging; are hugging; glued to; is glued to; riding the; rides the; is riding the; walking the; walks
    the; is walking the; surfing the; surfs the | is near the | “{said}” became: near.
hugging the; hugs the; is hugging the; glued to the; is glued to the | is near the | “{said}” became: near.
giga oversold; hella oversold; stupid oversold; insanely oversold; massively oversold; heavily oversold; extremely
    oversold; very oversold; ultra oversold | oversold | “{said}” became: oversold.
giga overbought; hella overbought; stupid overbought; insanely overbought; massively overbought; heavily overbought;
    extremely overbought; very overbought; ultra overbought; overbought to hell | overbought |
    “{said}” became: overbought.
bands pinching; bands are pinching; bands pinch; bands are coiling; bands squeeze together | bollinger bands narrowing
nuking; tanking; puking; getting nuked; getting smoked | falling
full send it; full send when; full send if; full send; send this | buy
bid the; bids the; bidding the; i bid the; bid at the | buy when price touches the |
    “{said}” became: buy when the price touches it.
bid the dip; bidding the dip; i bid the dip; bid the dips; bid the fear; bid the blood | buy
st flips; st turns; st flipped; st turned | supertrend flips
st is; st | supertrend
bo of; bo above | breakout above
pb to; pb into | pullback to
"""
