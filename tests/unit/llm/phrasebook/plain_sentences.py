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
"""
