"""Plain sentences with the expression that has to come of them, one class of wording after another: each row stands
for a way of saying things in which any indicator, number or interval may stand.

The interval is the one that the sentence names.
"""

SENTENCES = """
Supertrend turns green on 1h and volume is at least one and a half times its 20 candle average =>
    crossover(ta.supertrend(10,3).direction,0) and volume >= 1.5*ta.sma(volume,20)
volume is two and a half times its average => volume >= 2.5*ta.sma(volume,20)
volume is three and a half times its 50 candle average on 1h => volume >= 3.5*ta.sma(volume,50)
volume above one and one half times its average => volume > 1.5*ta.sma(volume,20)
volume is 1 and a half times the average volume => volume >= 1.5*ta.sma(volume,20)
close more than one and a half percent above the 20 EMA => close > 1.015*ta.ema(close,20)
price drops two and a half percent in 3 candles => pct_change(close,3) <= -2.5
volume is one point five times its average => volume >= 1.5*ta.sma(volume,20)
price up a percent and a half in the last 4 candles => pct_change(close,4) >= 1.5
volume is one and a quarter times its average => volume >= 1.25*ta.sma(volume,20)
close is at least half a percent above VWAP => close >= 1.005*ta.vwap()
price is up half a percent in 3 candles => pct_change(close,3) >= 0.5
close within 1% of the 24h high => close >= ticker.high*0.99
24h turnover above 20 million and RSI(2) under 5 => ticker.quote_volume > 20000000 and ta.rsi(close,2)<5
where 24 hour dollar volume exceeds 50 million, buy when RSI crosses above 30 =>
    ticker.quote_volume > 50000000 and crossover(ta.rsi(close,14),30)
Short while Aroon down is above 70 and Aroon up is below 30, length 25, 4-hour candles =>
    ta.aroon(25).down > 70 and ta.aroon(25).up < 30
Aroon up above 80, period 20, on 1h => ta.aroon(20).up > 80
RSI below 25, length 7, on 1h => ta.rsi(close,7) < 25
RSI under 20 (period 5) on 15m => ta.rsi(close,5) < 20
ADX above 25 with a length of 20, 4h => ta.adx(20).adx > 25
RSI is below 30, using a period of 21, on the 1h => ta.rsi(close,21)<30
CCI crosses above 100, length 30 on 4h => crossover(ta.cci(30),100)
price above the EMA, length 50 => close > ta.ema(close,50)
supertrend flips green, settings 7 and 2 => crossover(ta.supertrend(7,2).direction,0)
MACD crosses above its signal, settings 8 17 9 => crossover(ta.macd(close,8,17,9).macd,ta.macd(close,8,17,9).signal)
supertrend is up and adx above 20 on 4h => ta.supertrend(10,3).direction > 0 and ta.adx(14).adx > 20
supertrend is down on 4h => ta.supertrend(10,3).direction < 0
supertrend(7, 2) turned down on 4h => crossunder(ta.supertrend(7,2).direction,0)
price is above today's opening price on 1h => close > valuewhen(tf("1d").first, open, 0)
price is above today's UTC opening price on 1h => close > valuewhen(tf("1d").first, open, 0)
close below this week's opening price on 1h => close < valuewhen(tf("1w").first, open, 0)
close below the opening price of the day on 1h => close < valuewhen(tf("1d").first, open, 0)
price is above the monthly open and RSI below 40 on 4h =>
    close > valuewhen(tf("1M").first, open, 0) and ta.rsi(close,14)<40
the slope of the 30-candle regression line is negative on 15m => ta.slope(close,30) < 0
the slope of the 50 period linear regression crosses above zero on 1h => crossover(ta.slope(close,50),0)
regression slope over 40 candles is positive on 1h => ta.slope(close,40) > 0
macd x-down signal on 4h, macd still > 0 =>
    crossunder(ta.macd(close,12,26,9).macd,ta.macd(close,12,26,9).signal) and ta.macd(close,12,26,9).macd > 0
macd x up signal on 1h => crossover(ta.macd(close,12,26,9).macd,ta.macd(close,12,26,9).signal)
ema 9 x-up ema 21 on 5m => crossover(ta.ema(close,9),ta.ema(close,21))
RSI has risen for 3 candles on 1h => rising(ta.rsi(close,14),3)
OBV has fallen for 5 candles in a row on 4h => falling(ta.obv(),5)
ADX has climbed over the last 4 candles on 1h => rising(ta.adx(14).adx,4)
RSI has risen two days running on 1d => rising(ta.rsi(close,14),2)
the 20 EMA has risen 5 candles running on 1h => rising(ta.ema(close,20),5)
the close has fallen three days in a row on 1d => falling(close,3)
volume has increased for three straight candles on 1h => rising(volume,3)
RSI rises by at least 10 points in 3 candles on 1h => ta.rsi(close,14) - ta.rsi(close,14)[3] >= 10
RSI has dropped more than 15 points over the last 5 candles on 15m => ta.rsi(close,14)[5] - ta.rsi(close,14) > 15
ADX gained 5 points in 4 candles on 4h => ta.adx(14).adx - ta.adx(14).adx[4] >= 5
TSI is below -25 and turning up compared with the candle before on 30m =>
    ta.tsi(close,25,13) < -25 and ta.tsi(close,25,13) > ta.tsi(close,25,13)[1]
RSI is higher than on the previous candle on 1h => ta.rsi(close,14) > ta.rsi(close,14)[1]
MFI is lower than the candle before on 1h => ta.mfi(14) < ta.mfi(14)[1]
ADX above 20 and rising versus the candle before on 4h => ta.adx(14).adx > 20 and ta.adx(14).adx > ta.adx(14).adx[1]
MACD histogram up from the previous bar on 1h => ta.macd(close).hist > ta.macd(close).hist[1]
RSI is up from 3 candles ago on 1h => ta.rsi(close,14) > ta.rsi(close,14)[3]
CCI is down compared to two candles earlier on 1h => ta.cci(20) < ta.cci(20)[2]
OBV higher than 10 candles ago on 4h => ta.obv() > ta.obv()[10]
TSI is below 25 and turning up compared with the candle before on 30m =>
    ta.tsi(close,25,13) < 25 and ta.tsi(close,25,13) > ta.tsi(close,25,13)[1]
TSI is below 25 and rising compared with the candle before on 30m =>
    ta.tsi(close,25,13) < 25 and ta.tsi(close,25,13) > ta.tsi(close,25,13)[1]
TSI is turning up compared with the candle before on 30m => ta.tsi(close,25,13) > ta.tsi(close,25,13)[1]
RSI below 30 and turning up on 1h =>
    ta.rsi(close,14) < 30 and ta.rsi(close,14) > ta.rsi(close,14)[1] and ta.rsi(close,14)[1] < ta.rsi(close,14)[2]
Coins that traded more than 5 million USDT in the last 24 hours with RSI below 30 =>
    ticker.quote_volume > 5000000 and ta.rsi(close,14)<30
only coins with over 10 million dollars traded in the last day: RSI below 30 =>
    ticker.quote_volume > 10000000 and ta.rsi(close,14)<30
coins which traded at least $2m over the past 24 hours, RSI above 70 =>
    ticker.quote_volume >= 2000000 and ta.rsi(close,14)>70
more than 5 million USDT has changed hands in the last 24 hours and RSI above 70 =>
    ticker.quote_volume > 5000000 and ta.rsi(close,14)>70
RSI crosses below 70 on 1h if the coin turned over at least 3 million in 24h =>
    ticker.quote_volume >= 3000000 and crossunder(ta.rsi(close,14),70)
RSI below 30 on 1h with at least 20 million USDT of volume over 24 hours =>
    ta.rsi(close,14) < 30 and ticker.quote_volume >= 20000000
coins with a 24h volume of over 8 million, CCI below -100 on 1h => ticker.quote_volume > 8000000 and ta.cci(20) < -100
the close breaks the lower band of the 20 Donchian channel on 1h => close < ta.donchian(20).lower[1]
close breaks the upper band of the 50-period Donchian channel on 4h => close > ta.donchian(50).upper[1]
volume at least double its usual on 1h => volume >= 2*ta.sma(volume,20)
volume is more than triple its norm on 1h => volume > 3*ta.sma(volume,20)
with volume at least double its usual, the close breaks the 20 candle high on 1h =>
    volume >= 2*ta.sma(volume,20) and close > highest(high,20)[1]
close breaks the 20 candle low with volume at least double its usual on 1h =>
    close < lowest(low,20)[1] and volume >= 2*ta.sma(volume,20)
stochrsi k crosses up d, k < 20 on 15m =>
    crossover(ta.stochrsi(close,14,14,3,3).k, ta.stochrsi(close,14,14,3,3).d) and ta.stochrsi(close,14,14,3,3).k < 20
stoch k crosses above d with d below 25 on 1h =>
    crossover(ta.stoch(14,3,3).k, ta.stoch(14,3,3).d) and ta.stoch(14,3,3).d < 25
macd above zero and histogram rising on 4h => ta.macd(close).macd > 0 and rising(ta.macd(close).hist,1)
macd > signal, hist > 0 on 4h => ta.macd(close).macd > ta.macd(close).signal and ta.macd(close).hist > 0
price above the upper bollinger band and the middle band is rising on 1h =>
    close > ta.bbands(close,20,2).upper and rising(ta.bbands(close,20,2).middle,1)
the low is the lowest of 20 candles on 5m => low <= lowest(low,20)
low = lowest of 20 on 5m => low <= lowest(low,20)
doji, low = lowest of 20, 5m => cdl.doji() and low <= lowest(low,20)
high is the highest of the last 50 candles on 1h => high >= highest(high,50)
the low equals the 20 candle low on 1h => low <= lowest(low,20)
the high is the highest high in 30 bars on 1h => high >= highest(high,30)
close is the lowest close of the last 10 candles on 1h => close <= lowest(close,10)
RSI is the lowest of the last 30 candles on 1h => ta.rsi(close,14) <= lowest(ta.rsi(close,14),30)
the close is in the bottom tenth of its 50 day range on 1d =>
    close <= lowest(low,50) + 0.1*(highest(high,50)-lowest(low,50))
daily close sits in the bottom tenth of its 50 day range =>
    close <= lowest(low,50) + 0.1*(highest(high,50)-lowest(low,50))
price is in the upper half of its 20 candle range on 1h =>
    close >= lowest(low,20) + 0.5*(highest(high,20)-lowest(low,20))
price in the top 20% of the last 100 candles' range on 4h =>
    close >= lowest(low,100) + 0.8*(highest(high,100)-lowest(low,100))
close in the bottom 10% of the range of the last 40 candles on 1h =>
    close <= lowest(low,40) + 0.1*(highest(high,40)-lowest(low,40))
close above the midpoint of its 20 candle range on 1h =>
    close > lowest(low,20) + 0.5*(highest(high,20)-lowest(low,20))
volume ranks above the 90th percentile of the previous 60 days on 1d => percentrank(volume,60) > 90
RSI is in the top 10% of its last 100 candles on 1h => percentrank(ta.rsi(close,14),100) >= 90
ATR is above its 80th percentile over 200 candles on 1h => percentrank(ta.atr(14),200) > 80
the Bollinger bandwidth is below the 20th percentile of the last 120 candles on 4h =>
    percentrank(ta.bbands(close,20,2).width,120) < 20
volume in the 95th percentile of the last 50 candles on 1h => percentrank(volume,50) >= 95
ATR is in the lowest 15% of the last 100 bars on 1h => percentrank(ta.atr(14),100) <= 15
percent rank of the close over 50 candles is above 80 on 1h => percentrank(close,50) > 80
three white soldiers show up below the 50 SMA on 15m => cdl.three_white_soldiers() and close < ta.sma(close,50)
a hammer appears above the 200 EMA on 1h => cdl.hammer() and close > ta.ema(close,200)
a bearish engulfing forms under VWAP on 5m => cdl.engulfing().bearish and close < ta.vwap()
a morning star prints below the lower Bollinger band on 4h =>
    cdl.morning_star() and close < ta.bbands(close,20,2).lower
bullish engulfing candle within 1% of the 50 EMA on 1h => cdl.engulfing() and abs(close/ta.ema(close,50)-1) <= 0.01
two doji in a row on 1h => always(cdl.doji(),2)
three inside bars in a row on 1d => always(high < high[1] and low > low[1],3)
two consecutive hammers on 4h => always(cdl.hammer(),2)
When more than 70% of all coins are above their 50 EMA, buy the ones in the top ten by 24h change. Hourly. =>
    breadth(close > ta.ema(close, 50)) > 0.7 and rank(ticker.change_pct) <= 10
long the ones in the bottom 10% by RSI on 1h => market_percentile(ta.rsi(close,14)) <= 0.1
short the ones whose RSI is above 80 on 1h => ta.rsi(close,14) > 80
the last close is more than 4% above the 10 SMA on 1d => close > 1.04*ta.sma(close,10)
the last close is below the 20 EMA on 1h => close < ta.ema(close,20)
price is above the last close on 1h => close > close[1]
the previous close is above the 20 EMA on 1h => close[1] > ta.ema(close,20)
Short after 5 consecutive higher closes when the close is more than 4% above the 10 SMA, daily bars =>
    rising(close,5) and close > 1.04*ta.sma(close,10)
buy after three red candles in a row if RSI is below 30 on 1h => always(close < open,3) and ta.rsi(close,14) < 30
buy after 4 lower lows on 1h => falling(low,4)
the 20 TEMA crosses above the 50 DEMA and the close is over both on 30m =>
    crossover(ta.tema(close,20),ta.dema(close,50)) and close > ta.tema(close,20) and close > ta.dema(close,50)
the 20 TEMA crossed above the 50 DEMA in the last 10 candles and the close is over both on 30m =>
    within(crossover(ta.tema(close,20),ta.dema(close,50)),10) and close > ta.tema(close,20) and close >
    ta.dema(close,50)
EMA 9 is above EMA 21 and price is below both on 1h =>
    ta.ema(close,9) > ta.ema(close,21) and close < ta.ema(close,9) and close < ta.ema(close,21)
the 50 SMA is above the 200 SMA and price crosses above both on 1h =>
    ta.sma(close,50) > ta.sma(close,200) and crossover(close,ta.sma(close,50)) and crossover(close,ta.sma(close,200))
a 1h candle pokes above its 20 EMA but closes back under it => high > ta.ema(close,20) and close < ta.ema(close,20)
the candle dips below the lower Bollinger band but closes back above it on 1h =>
    low < ta.bbands(close,20,2).lower and close > ta.bbands(close,20,2).lower
price trades above the 50 EMA but closes below it on 15m => high > ta.ema(close,50) and close < ta.ema(close,50)
price wicks below VWAP and closes above it on 5m => low < ta.vwap() and close > ta.vwap()
the candle spikes above yesterday's high and closes back below it on 15m =>
    high > tf("1d").high and close < tf("1d").high
the low is below the 200 EMA but the close is above it on 1h => low < ta.ema(close,200) and close > ta.ema(close,200)
price falls through the 20 candle low and closes back above it on 1h =>
    low < lowest(low,20)[1] and close > lowest(low,20)[1]
the high is above the 20 candle high but the close is back below it on 1h =>
    high > highest(high,20)[1] and close < highest(high,20)[1]
In the last 4 hours RSI below 30 on 15m => within(ta.rsi(close,14)<30,16)
In the last 10 candles RSI crossed above 30 and price is above the 50 EMA on 1h =>
    within(crossover(ta.rsi(close,14),30),10) and close > ta.ema(close,50)
over the past 6 candles the MACD crossed above its signal on 1h =>
    within(crossover(ta.macd(close).macd,ta.macd(close).signal),6)
for the last 10 candles ADX has been above 25 on 1h => always(ta.adx(14).adx > 25,10)
over the last 20 candles the close has stayed above the 50 EMA on 1h => always(close > ta.ema(close,50),20)
within the last 3 days price touched the lower Bollinger band on 4h => within(low <= ta.bbands(close,20,2).lower,18)
during the last 12 hours volume was above 3 times its average on 1h => within(volume > 3*ta.sma(volume,20),12)
at some point in the last 8 candles RSI was under 25 on 15m => within(ta.rsi(close,14) < 25,8)
the coin has outperformed BTC by more than 2 percentage points over the last 12 candles on 1h =>
    pct_change(close, 12) - pct_change(symbol("BTCUSDT").close, 12) > 2
price underperforms BTC by at least 3 points over the last 24 candles on 1h =>
    pct_change(symbol("BTCUSDT").close, 24) - pct_change(close, 24) >= 3
the low touchs the lower bollinger band on 30m => low <= ta.bbands(close,20,2).lower
prise drops more than 5 percent in 3 candels on 1h => pct_change(close,3) < -5
price drops mroe than 5 precent in 3 candles on 1h => pct_change(close,3) < -5
price up 4 percnt in 6 candels on 1h => pct_change(close,6) >= 4
rsi bellow 30 adn pirce abvoe the 50 emma on 1h => ta.rsi(close,14) < 30 and close > ta.ema(close,50)
volme at leats 3x its 20 cnadle avrage on 1h => volume >= 3*ta.sma(volume,20)
macd crosess abvoe its signl on 4h => crossover(ta.macd(close).macd,ta.macd(close).signal)
RSI cross abov 50 and the clsoe is avobe vwap on 15m => crossover(ta.rsi(close,14),50) and close > ta.vwap()
supertrned flips gren on 1h => crossover(ta.supertrend(10,3).direction,0)
bulish enguling candle under the lowr bolinger band on 4h => cdl.engulfing() and close < ta.bbands(close,20,2).lower
clsoe breaks the hihgest high of 20 candels on 1h => close > highest(high,20)[1]
volumne twise the averge on 1h => volume >= 2*ta.sma(volume,20)
price exceeds VWAP by more than 2% on 1h => close > 1.02*ta.vwap()
the close is above the 50 EMA by at least 1.5% on 4h => close >= 1.015*ta.ema(close,50)
price is below the lower Keltner band by more than 2 percent on 1h => close < 0.98*ta.keltner(20,2).lower
the close is above the 20 EMA by more than 2 ATR on 1h => close > ta.ema(close,20) + 2*ta.atr(14)
price is further than 3% from VWAP on 1h => abs(close/ta.vwap() - 1) > 0.03
price is closer than 1% to the 200 SMA on 1h => abs(close/ta.sma(close,200) - 1) < 0.01
MFI crossed below 20 no more than 5 candles ago on 1h => within(crossunder(ta.mfi(14),20),6)
the MACD crossed above its signal less than 4 candles ago on 1h =>
    within(crossover(ta.macd(close).macd,ta.macd(close).signal),4)
ADX has not been above 25 in the last 10 candles on 1h => not within(ta.adx(14).adx > 25,10)
the close has not closed below the 50 EMA in 10 candles on 1h => not within(close < ta.ema(close,50),10)
CCI crossed above 100 during the last 8 candles on 1h => within(crossover(ta.cci(20),100),8)
the close was below the Kijun line 2 candles ago on 1h => (close < ta.ichimoku(9,26,52).base)[2]
price crossed above the Supertrend line within the last 4 candles on 1h =>
    within(crossover(close,ta.supertrend(10,3).line),4)
price was above the lower Keltner band at some point in the last 6 candles on 1h =>
    within(close > ta.keltner(20,2).lower,6)
ADX is up 3 candles in a row on 4h => rising(ta.adx(14).adx,3)
price closes above the 200 SMA twice in a row on 1h => always(close > ta.sma(close,200),2)
RSI is below 35 three times in a row on 15m => always(ta.rsi(close,14) < 35,3)
%B is anywhere from 0.2 to 0.7 on 1h => between(ta.bbands(close,20,2).percent,0.2,0.7)
RSI is in the 40 to 60 zone on 1h => between(ta.rsi(close,14),40,60)
RSI within the 45-55 range on 4h => between(ta.rsi(close,14),45,55)
the last price is above the 21 HMA on 1h => close > ta.hma(close,21)
as soon as RSI is above 50 buy on 1h => ta.rsi(close,14) > 50
When CCI has been under -100 for 3 candles and at the same time RSI is below 40, buy. 1h. =>
    always(ta.cci(20) < -100,3) and ta.rsi(close,14) < 40
When RSI is below 40 and at the same time CCI is under -100, buy. 1h. => ta.rsi(close,14) < 40 and ta.cci(20) < -100
Both Supertrend is bullish and MFI is rising: long on 1h => ta.supertrend(10,3).direction > 0 and rising(ta.mfi(14),1)
Both RSI is below 40 and MFI is rising: long on 1h => ta.rsi(close,14) < 40 and rising(ta.mfi(14),1)
price is above the 50 EMA and Supertrend is bullish on 1h =>
    close > ta.ema(close,50) and ta.supertrend(10,3).direction > 0
price is above the 50 EMA plus ADX is above 25 on 1h => close > ta.ema(close,50) and ta.adx(14).adx > 25
Long when RSI is below 30 on the 1h, ignoring anything where ADX is above 30 =>
    ta.rsi(close,14) < 30 and not (ta.adx(14).adx > 30)
buy on 1h if RSI is below 30 and it is not the case that price is below VWAP =>
    ta.rsi(close,14) < 30 and not (close < ta.vwap())
Long 1h. Conditions: RSI below 40; CCI under -100; ADX above 20 =>
    ta.rsi(close,14) < 40 and ta.cci(20) < -100 and ta.adx(14).adx > 20
In case RSI is below 40 and price is above VWAP, buy on the 1h => ta.rsi(close,14) < 40 and close > ta.vwap()
Buy when RSI is below 40 on 1h, and make sure price is above the 200 SMA =>
    ta.rsi(close,14) < 40 and close > ta.sma(close,200)
RSI on the 4h is above 50 and RSI on the 15m is below 30 => tf("4h").rsi(close,14) > 50 and ta.rsi(close,14) < 30
buy on 15m when the 4h RSI is above 50 and price is below the 20 EMA =>
    tf("4h").rsi(close,14) > 50 and close < ta.ema(close,20)
15m RSI below 30 with the 1h close above the 1h 50 EMA =>
    ta.rsi(close,14) < 30 and tf("1h").close > tf("1h").ema(close,50)
On the 5 minute chart, long when the hourly MACD histogram is positive and the 5 minute RSI crosses above 40 =>
    tf("1h").macd(close).hist > 0 and crossover(ta.rsi(close,14),40)
price above the daily 200 SMA, 1h RSI below 35 => close > tf("1d").sma(close,200) and ta.rsi(close,14) < 35
Long on 1h if the price is over the 50 EMA on the 4h timeframe and the RSI dips below 40 on the hourly =>
    close > tf("4h").ema(close,50) and crossunder(ta.rsi(close,14),40)
long when BTC's 1h RSI is above 50 and the coin's 15m RSI is under 35 =>
    symbol("BTCUSDT").tf("1h").rsi(close,14) > 50 and ta.rsi(close,14) < 35
on 1h, ETH RSI is above 60 and this coin is below its 20 EMA =>
    ta.rsi(symbol("ETHUSDT").close,14) > 60 and close < ta.ema(close,20)
BTC closed above its 50 EMA on the 4h and RSI is below 40 on 1h =>
    symbol("BTCUSDT").tf("4h").close > ta.ema(symbol("BTCUSDT").tf("4h").close,50) and ta.rsi(close,14) < 40
while Bitcoin's ADX on the daily is over 25, buy when price crosses above VWAP on 15m =>
    symbol("BTCUSDT").tf("1d").adx(14).adx > 25 and crossover(close,ta.vwap())
RSI below 30 on both the 15m and the 1h => ta.rsi(close,14) < 30 and tf("1h").rsi(close,14) < 30
RSI is under 35 on the 5m, 15m and 1h at the same time =>
    ta.rsi(close,14) < 35 and tf("15m").rsi(close,14) < 35 and tf("1h").rsi(close,14) < 35
RSI below 30 for the first time in 50 candles on 1h =>
    ta.rsi(close,14) < 30 and not within(ta.rsi(close,14) < 30,50)[1]
the first close above the 50 SMA in 20 candles on 1d =>
    close > ta.sma(close,50) and not within(close > ta.sma(close,50),20)[1]
MACD crosses above its signal while both are below zero on 4h =>
    crossover(ta.macd(close).macd,ta.macd(close).signal) and ta.macd(close).macd < 0 and ta.macd(close).signal < 0
price is above the 20, 50 and 200 EMAs on 1h =>
    close > ta.ema(close,20) and close > ta.ema(close,50) and close > ta.ema(close,200)
price is above all three of the 20, 50 and 200 EMA on 1h =>
    close > ta.ema(close,20) and close > ta.ema(close,50) and close > ta.ema(close,200)
price is above the 20 EMA, the 50 EMA and VWAP on 1h =>
    close > ta.ema(close,20) and close > ta.ema(close,50) and close > ta.vwap()
neither RSI nor MFI is above 70 on 1h => not (ta.rsi(close,14) > 70 or ta.mfi(14) > 70)
RSI, MFI and CCI are all rising on 1h => rising(ta.rsi(close,14),1) and rising(ta.mfi(14),1) and rising(ta.cci(20),1)
RSI and stochastic %K are both under 25 on 1h => ta.rsi(close,14) < 25 and ta.stoch(14,3,3).k < 25
either RSI or MFI is below 20 on 1h => ta.rsi(close,14) < 20 or ta.mfi(14) < 20
the 9 EMA crosses the 21 EMA from below on 15m => crossover(ta.ema(close,9),ta.ema(close,21))
a cross of the 9 EMA above the 21 EMA on 15m => crossover(ta.ema(close,9),ta.ema(close,21))
a bullish crossover of the 10 and 30 SMA on 4h => crossover(ta.sma(close,10),ta.sma(close,30))
the 10 SMA and 30 SMA cross bearishly on 4h => crossunder(ta.sma(close,10),ta.sma(close,30))
a close above the 20 EMA on 1h => close > ta.ema(close,20)
an RSI reading under 25 on 1h => ta.rsi(close,14) < 25
a drop in RSI below 30 on 1h => crossunder(ta.rsi(close,14),30)
an ADX of at least 30 on 4h => ta.adx(14).adx >= 30
with ADX over 25 and +DI over -DI, 4h long => ta.adx(14).adx > 25 and ta.adx(14).plus_di > ta.adx(14).minus_di
RSI of 30 or lower on 1h => ta.rsi(close,14) <= 30
RSI 70 or higher on 1h => ta.rsi(close,14) >= 70
a rise of more than 4% over the last 3 candles on 1h => pct_change(close,3) > 4
price has fallen at least 6 percent in 12 hours on 1h => pct_change(close,12) <= -6
a 3% drop within 5 candles on 15m => pct_change(close,5) <= -3
price is 5% below its 24 hour high on 1h => close <= 0.95*ticker.high
price is down 8% or more from the 50 candle high on 4h => close <= 0.92*highest(high,50)
volume exceeds 3 times the average of the last 50 candles on 5m => volume > 3*ta.sma(volume,50)
volume is the highest in 100 candles on 1h => volume >= highest(volume,100)
volume has been above its 20 candle average for 3 candles in a row on 1h => always(volume > ta.sma(volume,20),3)
volume is more than 50% above its 20 period average on 1h => volume > 1.5*ta.sma(volume,20)
the body is larger than 1.5 times ATR on 1h => abs(close-open) > 1.5*ta.atr(14)
the candle's range is more than twice the 14 period ATR on 1h => high-low > 2*ta.atr(14)
ATR is rising and above its 50 period average on 1h => rising(ta.atr(14),1) and ta.atr(14) > ta.sma(ta.atr(14),50)
ATR as a percentage of price is above 2 on 1h => ta.natr(14) > 2
On 1h, long if price is above the 20 and 50 EMA on the 4h and RSI is below 40 =>
    close > tf("4h").ema(close,20) and close > tf("4h").ema(close,50) and ta.rsi(close,14) < 40
1h: RSI on the 4h is above 50, price is above the 200 SMA on the daily =>
    tf("4h").rsi(close,14) > 50 and close > tf("1d").sma(close,200)
volume is higher than on each of the previous 5 candles on 1h => volume > highest(volume,5)[1]
the close is lower than any of the last 10 closes on 1h => close < lowest(close,10)[1]
RSI is below 30, MFI is below 20, price is above VWAP on 1h =>
    ta.rsi(close,14) < 30 and ta.mfi(14) < 20 and close > ta.vwap()
a rise in ADX above 25 on 4h => crossover(ta.adx(14).adx,25)
a cross of RSI above 50 on 1h => crossover(ta.rsi(close,14),50)
price above the 20 EMA on the 15m as well as on the 1h => close > ta.ema(close,20) and close > tf("1h").ema(close,20)
the 20 EMA is above the 50 EMA, which is above the 200 EMA on 1h =>
    ta.ema(close,20) > ta.ema(close,50) and ta.ema(close,50) > ta.ema(close,200)
"""
