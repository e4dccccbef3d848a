"""The words of the phrasebook that are not names of indicators: one row a category and value, then its phrases."""

ROWS = """
field price | price; prices; market price; last price; current price; spot price
field close | close; price has closed; price closed; price has been closing; candle has closed; it closes; it
    closed; closes; closed; closing; closing price; close price; candle close; candle closes; closing prices; price
    closes; price close; price closing; price is closing; price closed; the candle closes; market closes
field open | open; opens; opening price; open price
field high | high; highs; candle high
field low | low; lows; candle low; wick low
field volume | volume; volumes; trading volume; traded volume; vol; candle volume
field quote_volume | quote volume; dollar volume; usdt volume; turnover; volume in usdt
field trades | number of trades; trade count; trades count
compare < | below; back below; back under; sits below; sitting below; under; beneath; underneath; less than; lower
    than; smaller than; <; fewer than; stays below; remains below; holds below; stays under; trades below; trading
    below
compare > | above; back above; back over; sits above; sitting above; higher then; over; greater than; more than;
    higher than; bigger than; larger than; >; exceeds; exceed; exceeding; exceeded; in excess of; beyond; stays
    above; remains above; holds above; stays over; trades above; trading above; on top of; stronger than; holding
    above; staying above
compare >= | to or above; to or over; at or over; on or above; goes to or above; goes to or over; at least;
    no less than; not less than; a minimum of; minimum of; at or above; above or equal to;
    greater than or equal to; >=; ≥; not below; no lower than
compare <= | to or below; to or under; at or under; on or below; on or under; goes to or below; goes to or under;
    dips to or below; dips to or under; drops to or below; drops to or under; at most; no more than; not more than;
    a maximum of; maximum of; at or below; below or equal to; less
    than or equal to; <=; ≤; not above; no higher than
between | between; in between; in the range; ranges between; in the range of; anywhere from; anywhere between;
    somewhere from; ranges from; ranging from; ranging between; in the range from; in the range between; from between
near | near; close to; around; nearby; next to; almost at; nearly touches; almost touches; nearly
    touching; almost touching; nearly at; very close to
within | within; inside
rising | rising; grows; strengthens; strengthening; increasing; climbing; growing; going up; trending up; moving up;
    sloping up; turning up; trending higher; moving higher; rises; rise; sloping upward; sloping upwards; picks up;
    picking up; on the rise; widening; widens; widen; expanding; expands; heading up; heading higher; rose;
    slope up; slopes up; slope is up; slope rising; slope is rising; slope pointing up; ascending; pointing up;
    sloped up; risen; climbed; increased; strengthened; gone up; went up; widened; expanded
falling | falling; shrinks; shrink; diminishes; diminishing; weakens; weakening; decreasing; declining; dropping;
    going down; trending down; moving down; sloping down; trending lower; moving lower; falls; sloping downward;
    shrinking; drying up; heading down; heading lower; fell; slope down; slopes
    down; slope is down; slope falling; slope is falling; slope pointing down; descending; pointing down; sloped down;
    contracting;
    narrowing; narrows; narrow; tightening; contracts; squeezing; fallen; dropped; declined; decreased; weakened;
    gone down; went down; contracted; narrowed; shrunk
hook up | turns up; turned up; turning up; turn up; curls up; curling up; curled up; hooks up; hooking up; hooked
    up; ticks up; ticking up; ticked up; turns upward; turns upwards; turning upward; turns higher; turning higher;
    curl up; bottoms out; starts rising; starts to rise; begins to rise; starts going up; bends up; starts climbing;
    turns back up
hook down | turns down; turned down; turning down; turn down; curls down; curling down; curled down; hooks down;
    hooking down; ticks down; ticking down; rolls over; rolling over; rolled over; turns downward; turns downwards;
    turns lower; turning lower; curl down; starts falling; starts to fall; begins to fall; turns back down; tops out
inside in | inside; inside of; within; in; trading inside; stays inside; remains inside
inside back | back inside; back within; back into; returns into; returns inside; re-enters; re enters; reenters;
    closes back inside; closes back within; comes back inside; comes back into; moves back inside; gets back inside;
    crosses back inside; closes back into; moves back into; falls back inside; falls back into; enters; enter; goes
    back inside; back in; crosses back into; drops back into; drops back inside; climbs back into; climbs back
    inside
inside out | outside; outside of; out of; closes outside; closes outside of
leave | falling back out of; falls back out of; fell back out of; drops back out of; dropping back out of; comes
    back out of; coming back out of; climbs back out of; rising back out of; back out of; falling out of; leaves;
    leave; leaving; comes out of; coming out of; exits; exiting; moves out of; rises out of; emerges from; climbs
    out of; gets out of; out of; came out of; crosses out of; recovers from; bounces out of; drops out of; falls out
    of; turns up from; turns down from; rises from; bounces from
come_in | enters; entering; enter; moves into; drops into; falls into; goes into; gets into; dips into; rises into;
    climbs into; entered; pushes into; becomes; turns; crosses into; just became
cross_noun any | cross; crossover; crossovers; crosses; crossing; crossed
cross_noun up | crosses up; x up; crossed up; cross up; crossing up; crosses bullishly; bullish cross; bullish
    crossover
cross_noun down | crosses down; x down; crossed down; cross down; crossing down; crosses bearishly; bearish
    cross; crossunder; bearish crossover
upward up | up; upward; upwards; to the upside; bullishly
upward down | down; downward; downwards; to the downside; bearishly
stacked | stacked; stack; aligned; in order; fanned out; ordered; alignment; lined up; in perfect order; in
    alignment; fanned; ribbon; ribbon stacked
stacked_side > | bullish; bullishly; bull; upward; up; in bullish order; bullish order; for a bull market
stacked_side < | bearish; bearishly; bear; downward; down; in bearish order; bearish order
earlier | its value; the value; it was; they were; where it was; its level; its reading; the reading; the level; it
    did; what it was; value from; that of; the one
one_before | the candle before; on the previous candle; on the candle before; on the previous bar; on the bar
    before; the candle earlier; the previous candle; the bar before; the previous bar; the one before; previous
    candle; previous bar; last candle; the last candle; the prior candle; prior candle; the prior bar; candle
    before; bar before; its previous value; its last value; its prior value; the previous one; the previous value;
    the candle before it; the preceding candle; the period before; the day before; on the day
    before; the hour before; the previous period; one before; before
side up | bullish; green; long; buy; blue; in an uptrend; in buy mode; up; uptrend; upward; positive; bull
side down | bearish; red; short; sell; in a downtrend; in sell mode; down; downtrend; downward; negative; bear
extreme oversold | oversold; oversold zone; oversold area; oversold level; oversold region; oversold levels;
    oversold range; over sold; in oversold territory; oversold territory; is oversold
extreme overbought | overbought; overbought zone; overbought area; overbought level; overbought region; overbought
    levels; over bought; in overbought territory; overbought territory
polarity > | positive; in positive territory; in the green
polarity < | negative; in negative territory; in the red
zero | the zero line; zero line; centerline; centreline; the centerline; midline
move_noun up | gain; rise; rally; pump; increase; jump; move up; up move; surge; advance
move_noun down | drop; fall; decline; dip; dump; decrease; move down; down move; pullback; loss; crash; sell off;
    selloff; correction
change | price change; change; percent change; percentage change; return; performance
colour green | green; bullish; white; up; rising; positive
colour red | red; bearish; black; down; falling; negative
candle | candle; candles; bar; bars; period; periods; candlestick; candlesticks; closes; sessions
row | in a row; in row; consecutive; consecutively; straight; in succession; running; back to back; successive
for | for; for at least; for the last; for the past; lasting; throughout the last
ago | ago; earlier; before that
last | sometime in the last; sometime in the past; sometime over the last; sometime within the last; at least once
    in the last; once in the last; any time in the last; anytime in the last; at one point in the last; at any point
    in the last; at some stage in the last; recently in the last; at some point over the last; at some point within
    the last; at some point during the last; at least once over the last; somewhere in the last; at some point in
    the past; at any point over the last; sometime during the last; at least once within the last; in the last;
    over the last; within the last; during the last; of the
    previous; of the prior; of the preceding; over the previous; over the prior; in the past; over the past;
    within the past; in
    last; over last; within last; in the previous; over the previous; last; past; at any time in the last; at some
    point in the last; the last; the past; of the last; of the past; in the most recent; from the last; some time in
    the last; during the past
in | in; over; within; during; inside of
today | today; on the day; this day; intraday; so far today
mean | average; avg; mean; norm; usual; normal
spoken | length; lengths; lookback; settings; setting; parameters; params; window; fast; slow; multiplier; mult;
    factor; deviation; deviations; sigma; standard; smoothing; smooth; step; limit; distance; gap; difference;
    spread; slope; points; point; both; they; them; half; by; plus; minus; percentage; line; lines; own; its; their;
    third; fourth; fifth; switches; shifts; changes; changed; sets; prints; makes; sees
highest high | highest; maximum; max; widest; largest; greatest; biggest; at its highest; the highest; at the
    highest; at its widest; highest value; highest reading; at a high; highest level; at its largest; at its
    maximum; steepest
highest low | lowest; minimum; min; narrowest; tightest; smallest; at its lowest; the lowest; at the lowest;
    at its narrowest; lowest value; lowest reading; at its tightest; lowest level; thinnest; at its smallest
new | new; fresh; makes a new; make a new; making a new; hits a new; sets a new; at a new; reaches a new; prints a
    new; made a new; making new; makes new; make new; hitting new; hits new; at new
previous | previous; prior; preceding; last; previous candle's; last candle's; prior candle's; the previous;
    previous bar's
yesterday | yesterday's; yesterdays; previous day's; prior day's; previous daily; previous day; last day's
recent | recent; swing; local; range
range | range; channel; consolidation
turn | turns; turn; turned; turning; flips; flipping; flip; flipped; goes; going; becomes; becoming; moves; crosses;
    switches; switched; switching; turns to; flips to; goes into; flips over to; switches to; just turned; has
    turned; changes to; changed to; crosses into; turns back; has flipped; just flipped; turning to; turns from;
    went; became
versus up | outperforms; outperforming; outperform; stronger than; beats; beating; leading; outpaces; outpacing;
    doing better than
versus down | underperforms; underperforming; underperform; weaker than; lagging; lags; doing worse than
not | not; isn't; is not; no; aren't; are not; hasn't; has not; doesn't; does not; never; isnt; not yet; don't; do
    not; can't; cannot; shouldn't; must not; should not; nor
unless | it is not the case that; it's not the case that; not the case that; ignoring anything where; ignoring
    anything with; ignoring those where; ignoring those with; ignoring coins where; ignoring; ignoring any where;
    excluding coins where; excluding anything where; excluding those where; excluding those with; leaving out;
    leaving out coins where; leaving out those where; skipping; skipping those where; skipping coins where; skip coins
    where; skip anything where; skip coins with; drop those where; filter out; filter out those where; filtering out;
    in the absence of; as long as it is not; as long as not; as long as there is no; unless; without; except when;
    except if; but not when; but not if; avoid; excluding; and without; and not
    when; not when; not if; ignore when
and | and; &; &&; plus; +; as well as; and also; together with; and then also; and that
while | while; as soon as; the moment; the minute; the second that; immediately when; right when; but; whilst; with;
    when; whenever; if; where; as long as; provided; provided that; only if; only
    when; given; given that; and when; and while; and with; and only; once; combined with; confirmed by; on
    condition that; accompanied by; so long as; along with; and only if; and only when
either | either; any of; at least one of; one of
both | both; all of; each of; both the; all three of; all four of; all three; all four; each one of; both of
direction long | long; longs; buy; buys; buying; go long; bullish; bull; long only; longs only; enter long; long
    entry; long trade; long trades; bullish signal; buy signal; long setup; long signal; open a long; open long
direction short | short; shorts; go short; sell short; bearish; bear; short only; shorts only; enter short; short
    entry; short trade; short trades; bearish signal; sell signal; short setup; shorting; open a short; open short;
    short signal
direction sell | sell; sells; selling
exit | exit; exit when; exits when; exit if; close the trade; close the position; close position; close trade; close
    it when; get out; take profit when; sell it when; exit the trade; close the long; close the short; close long;
    close short; exit long; exit short; exits
stop | stop; stop loss; stoploss; sl; stops; trailing stop
target | target; take profit; tp; targets; profit target; takeprofit
hold | hold; hold for; max hold; maximum hold; hold at most; hold for at most; hold up to; max holding time; hold no
    longer than; time stop; hold for up to; close after; exit after
on | on; on the; using; using the; at the; based on; based on the
chart | chart; charts; timeframe; time frame; timeframes; interval; tf; candle; candles; bars; bar
length | length; period; lookback; window; setting; settings
hourly 1h | hourly
hourly 1d | daily
hourly 1w | weekly
hourly 30m | half hourly; half hour
unit m | minute; min
unit h | hour; an hour; 1 hour
unit d | day; a day
unit w | week; a week
setup golden_cross | golden cross; golden crossover; golden crosses
setup death_cross | death cross; death crossover; dead cross
setup macd_up | macd bullish cross; macd bullish crossover; bullish macd cross; bullish macd crossover; macd crosses
    up; macd cross up; macd turns bullish; macd buy signal; macd crossover up; macd bull cross
setup macd_down | macd bearish cross; macd bearish crossover; bearish macd cross; bearish macd crossover; macd
    crosses down; macd cross down; macd turns bearish; macd sell signal; macd bear cross
setup volume_spike | volume spike; volume spikes; spike in volume; volume surge; surge in volume; volume explosion;
    volume surges; unusual volume; huge volume; volume burst; very high volume; spiking volume; volume breakout;
    unusually high volume; volume explodes
setup volume_busy | busy volume; high volume; heavy volume; strong volume; good volume; big volume; rich volume;
    elevated volume; volume is high; volume is busy; volume is heavy; volume is strong; volume high; solid volume;
    volume confirmation; large volume; increased volume; volume is elevated; high trading volume; higher volume;
    busy trading; volume confirms
setup volume_above | above average volume; volume above average; above normal volume; volume is above average;
    higher than average volume; volume higher than average; volume over average; volume above its average; volume
    above the average; more volume than average; higher than usual volume; volume greater than average
setup volume_below | below average volume; volume below average; volume is below average; lower than average volume;
    volume under average
setup volume_quiet | low volume; quiet volume; light volume; thin volume; volume is low; volume is quiet; dry volume
setup uptrend | uptrend; up trend; upward trend; bullish trend; bull trend; rising trend; trend is up; trending
    upward; trend up; in an uptrend; in an up trend; upwards trend
setup downtrend | downtrend; down trend; downward trend; bearish trend; bear trend; falling trend; trend is down; in
    a downtrend; trend down; in a down trend; downwards trend
setup strong_trend | strong trend; trend is strong; strongly trending; strong trending; in a strong trend
setup sideways | sideways; ranging; choppy; weak trend; no trend; sideways market; flat market; trend is weak
setup breakout | breakout; breakouts; breaks out; break out; breaking out; upside breakout; bullish breakout; broke
    out
setup breakdown | breakdown; breakdowns; breaks down; break down; breaking down; downside breakout; bearish
    breakout; broke down
setup squeeze | bollinger squeeze; bollinger band squeeze; bb squeeze; squeeze; volatility squeeze; tight bollinger
    bands; volatility contraction; bollinger bands squeeze
setup squeeze_release | squeeze release; squeeze breakout; squeeze fires; bollinger squeeze breakout; squeeze
    releases; bollinger squeeze release; releases from a squeeze
setup engulfing_up | bullish engulfing; bullish engulfing candle; bullish engulfing pattern
setup engulfing_down | bearish engulfing; bearish engulfing candle; bearish engulfing pattern
setup inside | inside bar; inside candle; inside day
setup outside | outside bar; outside candle
setup doji | doji; doji candle
setup hammer | hammer; hammer candle; pin bar; bullish pin bar; pinbar
level resistance | resistance; resistance level; recent resistance; recent high; recent highs; swing high; range
    high; local high; recent swing high
level support | support; support level; recent support; recent low; recent lows; swing low; range low; local low;
    recent swing low
"""
