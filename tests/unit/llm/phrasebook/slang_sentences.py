"""Sentences of traders' slang, with the direction and the expression that have to come of them, on the 1h chart."""

SENTENCES = """
1h rsi scraping the floor under 25, im bidding => long: ta.rsi(close, 14) < 25
mfi buried under 15 on 1h, load up => long: ta.mfi(14) < 15
1h adx ripping above 30 and price under the 50 ema = keep shorting that trash =>
    short: ta.adx(14).adx > 30 and close < ta.ema(close, 50)
bleeding out under the 20ma for 10 straight 1h candles, time to get short lads =>
    short: always(close < ta.sma(close, 20), 10)
price grinding above the 20 ema for 8 candles straight on 1h, let's ride =>
    long: always(close > ta.ema(close, 20), 8)
cci pinned above 200 on 1h, i hit sell => short: ta.cci(20) > 200
my bag just popped back over the 1h 21ema, im bidding => long: crossover(close, ta.ema(close, 21))
my alt rolled back under the 50 ema on 1h, im shorting => short: crossunder(close, ta.ema(close, 50))
eth is up on the 24h and my coin is down on the 24h, long 1h =>
    long: symbol("ETHUSDT").ticker.change_pct > 0 and ticker.change_pct < 0
vol candle 5x the 20 avg, green close, 1h, scoop it => long: volume >= 5 * ta.sma(volume, 20) and close > open
red close on 3x volume, 1h, fade it => short: close < open and volume >= 3 * ta.sma(volume, 20)
price got slapped down from the 50 ema on 1h, short it =>
    short: high >= ta.ema(close, 50) and close < ta.ema(close, 50)
price bounces clean off the 200 ma on 1h, load the boat =>
    long: low <= ta.sma(close, 200) and close > ta.sma(close, 200)
knife catch szn: when shes nuked 5% in the last 4 hours, 1h => long: pct_change(close, 4) <= -5
mostly market buys (65%+), green close, 1h, long it => long: buy_volume >= 0.65 * volume and close > open
mostly sellers (70%+) on the 1h, red close, short => short: sell_volume >= 0.7 * volume and close < open
mostly buyers, volume 2x the average, 1h => long: buy_volume > sell_volume and volume >= 2 * ta.sma(volume, 20)
1h candle w/ massive volume 4x avg closes green, fomo in => long: volume >= 4 * ta.sma(volume, 20) and close > open
price taps the 50 ema but fails to close above it, 1h short =>
    short: between(ta.ema(close, 50), low, high) and not (close > ta.ema(close, 50))
"""

# Averages named as a pair and spoken of by their lengths; the pair's own words stay told.
NAMED_BEFORE = """
my thing is ema 9 and ema 20: when 9 is under 20 on 1h => ta.ema(close, 9) < ta.ema(close, 20)
ema 9 and 21 on 1h. when the 9 crosses above the 21 buy => crossover(ta.ema(close, 9), ta.ema(close, 21))
sma 50 and 200 on 1h, buy when the 50 is over the 200 and rsi is above 50 =>
    ta.sma(close, 50) > ta.sma(close, 200) and ta.rsi(close, 14) > 50
ema 20 and 50: rsi above 50 and the 20 above the 50 on 1h =>
    ta.rsi(close, 14) > 50 and ta.ema(close, 20) > ta.ema(close, 50)
"""

# Set-ups that go by a name, as one reasonable meaning; what was assumed is said. All on the 1h chart.
SETUPS = """
price reclaims the 200 ema on 1h => crossover(close, ta.ema(close, 200))
price loses the 50 ema on 1h => crossunder(close, ta.ema(close, 50))
vwap reclaim on 1h => crossover(close, ta.vwap())
lost vwap on 1h => crossunder(close, ta.vwap())
sweep of the highs on 1h => high > highest(high, 20)[1] and close < highest(high, 20)[1]
bullish SFP on 1h => low < lowest(low, 20)[1] and close > lowest(low, 20)[1]
swing failure at the lows on 1h => low < lowest(low, 20)[1] and close > lowest(low, 20)[1]
bearish SFP on 1h => high > highest(high, 20)[1] and close < highest(high, 20)[1]
liq sweep of the lows on 1h => low < lowest(low, 20)[1] and close > lowest(low, 20)[1]
deviation below range low on 1h => low < lowest(low, 20)[1] and close > lowest(low, 20)[1]
bull trap on 1h => high > highest(high, 20)[1] and close < highest(high, 20)[1]
bear trap on 1h => low < lowest(low, 20)[1] and close > lowest(low, 20)[1]
bullish BOS on 1h => close > highest(high, 20)[1]
bearish break of structure on 1h => close < lowest(low, 20)[1]
price at range low on 1h => low <= lowest(low, 20)[1]
price at the range high on 1h => high >= highest(high, 20)[1]
range breakout on 1h => close > highest(high, 20)[1]
BO of the 30 bar range on 1h => close > highest(high, 30)[1]
HH/HL on 1h => rising(high, 2) and rising(low, 2)
LH/LL on 1h => falling(high, 2) and falling(low, 2)
pure chop on 1h => ta.adx(14).adx < 20
no chop on 1h => not ta.adx(14).adx < 20
wick rejection at the 20 ema on 1h => high >= ta.ema(close, 20) and close < ta.ema(close, 20)
lower wick rejection on 1h => min(open, close) - low >= 2 * abs(close - open)
god candle on 1h => close > open and close >= 1.05 * open
wide range bar on 1h => high - low >= 2 * ta.atr(14)
retest and hold of the 50 ema on 1h => low <= ta.ema(close, 50) and close > ta.ema(close, 50)
PB to the 20 ema on 1h => low <= ta.ema(close, 20) and close > ta.ema(close, 20)
price bounces off vwap on 1h => low <= ta.vwap() and close > ta.vwap()
price rejects vwap on 1h => high >= ta.vwap() and close < ta.vwap()
price tags vwap on 1h => between(ta.vwap(), low, high)
bid the 200 ema on 1h => between(ta.ema(close, 200), low, high)
price sitting on the 200 ema on 1h => abs(close / ta.ema(close, 200) - 1) <= 0.01
price riding the upper bb on 1h => abs(close / ta.bbands(close, 20, 2).upper - 1) <= 0.01
price hugging the lower band on 1h => abs(close / ta.bbands(close, 20, 2).lower - 1) <= 0.01
bands pinching on 1h => falling(ta.bbands(close, 20, 2).width, 1)
giga oversold on 1h => ta.rsi(close, 14) < 30
insanely overbought on 1h => ta.rsi(close, 14) > 70
volume dries up on 1h => volume < 0.7 * ta.sma(volume, 20)
volume climax on 1h => volume > 2 * ta.sma(volume, 20)
coin dumps 5% in 4 hours on 1h => pct_change(close, 4) <= -5
coin rugs 10% in 2 hours on 1h => pct_change(close, 2) <= -10
coin pumps 10% in 4h on 1h => pct_change(close, 4) >= 10
knife catch: price down 8% in 4 hours on 1h => pct_change(close, 4) <= -8
send it when rsi below 30 on 1h => ta.rsi(close, 14) < 30
full send when rsi below 30 on 1h => ta.rsi(close, 14) < 30
scalp long when rsi below 20 on 1h => ta.rsi(close, 14) < 20
rsi above 80 on 1h, fade => ta.rsi(close, 14) > 80
delta flips positive on 1h => crossover(volume_delta, 0)
inside bar break on 1h => (high < high[1] and low > low[1])[1] and close > high[2]
bull div on 1h => bullish_divergence(low, ta.rsi(close, 14), 60)
st flips green on 1h => crossover(ta.supertrend(10, 3).direction, 0)
"""

# What has no one meaning, or is not in the candles: nothing is made of it, and all of it is told.
UNREAD = """
SFP; swing failure pattern; wick rejection; BOS; break of structure; MSS; CHoCH; dcb; dead cat bounce; capitulation;
capitulation candle; blow-off top; parabolic move; price is parabolic; exhaustion candle; gm candle; bart; bart move;
v reversal; impulse candle; displacement; FVG; order block; equal highs; absorption; golden pocket; coiling;
price loses the level; price reclaims the level; short squeeze; long squeeze; squeeze shorts; max pain; alt season;
mooning; moon shot; price is cooking; funding flips negative; open interest up; whales buying; btc dominance rising;
mean reversion to the 20 ema; cvd divergence; narrow range day; mcap under 100m; px at ATH
"""

# Shorthand and slips, with the plain words that have to mean the same.
SHORT = """
px abv 200 ema => price above the 200 ema
px blw vwap => price below vwap
ema 9/21 x-over => ema 9 crosses above ema 21
rsi x-under 70 => rsi crosses below 70
vol > 2x avg => volume above 2 times its average
close > bbu => close above the upper bollinger band
price < lower kc => price below the lower keltner channel
ha candle green => heikin ashi candle is green
rsi w/ 14 periods < 30 => rsi(14) below 30
rsi14<30 => rsi(14) below 30
ema20>ema50 => ema 20 above ema 50
20ma > 50ma => 20 sma above 50 sma
oversld rsi => rsi oversold
rsi ovrbought => rsi overbought
stochrsi k x d up => stochastic rsi %k crosses above %d
macd hist > 0 => macd histogram above 0
px loses pdl => price loses yesterday's low
px > pwh => price above last week's high
px brks pdh => price breaks yesterday's high
close > yday high => close above yesterday's high
close > prev high => close above the previous high
close > prev close => close above the previous close
px chg > 5% in 24h => 24h change above 5%
3 grn candles => 3 green candles
rsi abv 50 & px > vwap => rsi above 50 and price above vwap
px +3% in 2hr => price up 3% in 2 hours
px -3% in 2hr => price down 3% in 2 hours
brkout => breakout
bullsh engulfng => bullish engulfing
dojji => doji
hamer => hammer
wkly rsi < 30 => weekly rsi below 30
dly close > 50 sma => daily close above the daily 50 sma
rsi btwn 40 n 60 => rsi between 40 and 60
rsi crosing up 30 => rsi crossing up 30
prise above ema 50 => price above ema 50
volumne 2x averge => volume 2x average
supertrnd bulish => supertrend bullish
adx>25 n rising => adx above 25 and rising
di+ > di- => plus di above minus di
obv risng => obv rising
close belo ema 20 => close below ema 20
rsi undr 30 w/ vol ovr avg => rsi below 30 with volume above average
ETH abvoe its 50 ema => ETH above its 50 ema
"""
