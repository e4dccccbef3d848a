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
