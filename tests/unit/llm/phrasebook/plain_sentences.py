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
"""
