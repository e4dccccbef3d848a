"""Sentences with the expression that has to come of them: each predicate with several indicators, averages, prices
and volumes.

The interval is the one that the sentence names.
"""

SENTENCES = """
Enter long if the 14-bar RSI dips below 35 on the 2 hour timeframe => crossunder(ta.rsi(close, 14), 35)
RSI (length 10) is no higher than 45 on the 30-minute chart => ta.rsi(close, 10) <= 45
Show coins whose RSI of 6 periods is over 85 on 15m => ta.rsi(close, 6) > 85
On the 6h chart the RSI has been above 60 for 5 bars => always(ta.rsi(close, 14) > 60, 5)
the RSI has been falling for four candles on the 12 hour chart => falling(ta.rsi(close, 14), 4)
RSI rises above its 20-period simple moving average on the daily =>
    crossover(ta.rsi(close, 14), ta.sma(ta.rsi(close, 14), 20))
14-period RSI sits between 45 and 55 on 1h => between(ta.rsi(close, 14), 45, 55)
RSI drops from above 70 to below 70 on 1h => crossunder(ta.rsi(close, 14), 70)
RSI(14) is the lowest it has been in 60 candles on 4h => ta.rsi(close, 14) <= lowest(ta.rsi(close, 14), 60)
MACD line is above the signal line and both are above zero on 4h =>
    ta.macd(close).macd > ta.macd(close).signal and ta.macd(close).macd > 0 and ta.macd(close).signal > 0
MACD crosses up below the zero line on the 2h chart =>
    crossover(ta.macd(close).macd, ta.macd(close).signal) and ta.macd(close).macd < 0
the MACD histogram shrinks for 3 candles in a row on 1h => falling(ta.macd(close).hist, 3)
MACD histogram has been negative for 5 candles on 1h => always(ta.macd(close).hist < 0, 5)
MACD histogram crosses zero upward on 30m => crossover(ta.macd(close).hist, 0)
MACD with fast 8, slow 21 and signal 5 is below its signal on 1h =>
    ta.macd(close, 8, 21, 5).macd < ta.macd(close, 8, 21, 5).signal
The MACD signal line is rising on 1h => rising(ta.macd(close).signal, 1)
Close is lower than the lower Bollinger Band on 8h => close < ta.bbands(close, 20, 2).lower
high pierces the upper Bollinger band but the close is below it on 1h =>
    high >= ta.bbands(close, 20, 2).upper and close < ta.bbands(close, 20, 2).upper
Price is above the middle line of the Bollinger Bands (30, 2) on 1h => close > ta.bbands(close, 30, 2).middle
Bollinger %B drops below 0.2 on 1h => crossunder(ta.bbands(close, 20, 2).percent, 0.2)
Bollinger band width is lower than its 50-period average on 1h =>
    ta.bbands(close, 20, 2).width < ta.sma(ta.bbands(close, 20, 2).width, 50)
The Bollinger bandwidth is the widest of the last 80 candles on 1h =>
    ta.bbands(close, 20, 2).width >= highest(ta.bbands(close, 20, 2).width, 80)
price crosses back above the lower Bollinger band on 4h => crossover(close, ta.bbands(close, 20, 2).lower)
the open is above the upper Bollinger band on 1h => open > ta.bbands(close, 20, 2).upper
The 20 period EMA crosses over the 100 period EMA on the 2h => crossover(ta.ema(close, 20), ta.ema(close, 100))
price has closed above the 21 EMA for 6 candles in a row on 1h => always(close > ta.ema(close, 21), 6)
price falls below the 100-period simple moving average on 6h => crossunder(close, ta.sma(close, 100))
the 10 SMA is greater than the 30 SMA on 15m => ta.sma(close, 10) > ta.sma(close, 30)
the close lies between the 20 EMA and the 50 EMA on 1h =>
    between(close, min(ta.ema(close, 20), ta.ema(close, 50)), max(ta.ema(close, 20), ta.ema(close, 50)))
price is at most 2% above the 50 EMA on 1h => close > ta.ema(close, 50) and close <= 1.02 * ta.ema(close, 50)
the close is 4% or more below the 20 SMA on 1h => close <= 0.96 * ta.sma(close, 20)
price is less than 1% away from the 200 SMA on 1h => abs(close / ta.sma(close, 200) - 1) < 0.01
the 9 EMA is falling on 15m => falling(ta.ema(close, 9), 1)
the 50 EMA has been rising for 10 candles on 4h => rising(ta.ema(close, 50), 10)
price crosses below both the 20 and the 50 EMA on 1h =>
    crossunder(close, ta.ema(close, 20)) and crossunder(close, ta.ema(close, 50))
ADX is over 30 and rising for 3 candles on 1h => ta.adx(14).adx > 30 and rising(ta.adx(14).adx, 3)
ADX(20) falls below 15 on the 4 hour => crossunder(ta.adx(20).adx, 15)
-DI is above +DI with ADX over 25 on 1h => ta.adx(14).minus_di > ta.adx(14).plus_di and ta.adx(14).adx > 25
The directional movement plus line is above the minus line on 1h => ta.adx(14).plus_di > ta.adx(14).minus_di
ATR (14) is larger than 1.5 times its 100-candle average on 15m => ta.atr(14) > 1.5 * ta.sma(ta.atr(14), 100)
ATR is at its lowest in 200 candles on 1h => ta.atr(14) <= lowest(ta.atr(14), 200)
ATR as a percentage of price is above 5 on 1h => ta.natr(14) > 5
Stochastic %D is under 15 on 30m => ta.stoch(14, 3, 3).d < 15
Both stochastic lines are above 80 on 1h => ta.stoch(14, 3, 3).k > 80 and ta.stoch(14, 3, 3).d > 80
%K falls below %D while both are over 80 on 1h =>
    crossunder(ta.stoch(14, 3, 3).k, ta.stoch(14, 3, 3).d) and ta.stoch(14, 3, 3).k > 80 and ta.stoch(14, 3, 3).d >
    80
The stochastic (21, 5, 5) %K is below 10 on 4h => ta.stoch(21, 5, 5).k < 10
Stochastic RSI K crosses below D above 80 on 1h =>
    crossunder(ta.stochrsi(close, 14, 14, 3, 3).k, ta.stochrsi(close, 14, 14, 3, 3).d) and ta.stochrsi(close, 14,
    14, 3, 3).k > 80
CCI rises through 100 on 4h => crossover(ta.cci(20), 100)
Commodity Channel Index of 14 periods below -200 on 1h => ta.cci(14) < -200
CCI is between -100 and 100 on 1h => between(ta.cci(20), -100, 100)
OBV is at a 50-candle high on 1h => ta.obv() >= highest(ta.obv(), 50)
OBV is falling for 3 bars while price is rising for 3 bars on 1h => falling(ta.obv(), 3) and rising(close, 3)
on balance volume above its own 50 period simple moving average on 4h => ta.obv() > ta.sma(ta.obv(), 50)
price is 2% below VWAP on 5m => close <= 0.98 * ta.vwap()
the close crosses under VWAP on 1m => crossunder(close, ta.vwap())
Supertrend flips to bearish on 4h => crossunder(ta.supertrend(10, 3).direction, 0)
the Supertrend changes from red to green on 1h => crossover(ta.supertrend(10, 3).direction, 0)
Supertrend (14, 2) is bullish on 1h => ta.supertrend(14, 2).direction > 0
supertrend direction is up on 1h => ta.supertrend(10, 3).direction > 0
price closes below the supertrend line on 1h => close < ta.supertrend(10, 3).line
price enters the cloud from below on 4h => crossover(close, min(ta.ichimoku().span_a, ta.ichimoku().span_b))
price breaks out above the Ichimoku cloud on 1h => crossover(close, max(ta.ichimoku().span_a, ta.ichimoku().span_b))
conversion line crosses below base line on 4h => crossunder(ta.ichimoku().conversion, ta.ichimoku().base)
Tenkan-sen is above Kijun-sen and price is above the cloud on 1d =>
    ta.ichimoku().conversion > ta.ichimoku().base and close > max(ta.ichimoku().span_a, ta.ichimoku().span_b)
leading span A is below leading span B on 4h => ta.ichimoku().span_a < ta.ichimoku().span_b
The close is above the upper line of the Keltner channel (20, 2.5) on 1h => close > ta.keltner(20, 2.5).upper
price drops below the lower Keltner channel on 1h => crossunder(close, ta.keltner(20, 2).lower)
price is within the Keltner channel on 1h => between(close, ta.keltner(20, 2).lower, ta.keltner(20, 2).upper)
A close under the lower line of the 20-period Donchian channel on 4h => close < ta.donchian(20).lower[1]
Price closes above the Donchian midline on 1h => close > ta.donchian(20).middle
Donchian channel width is the narrowest in 60 candles on 1h =>
    ta.donchian(20).width <= lowest(ta.donchian(20).width, 60)
Parabolic SAR is below the price on 4h => ta.psar() < close
price crosses above the Parabolic SAR on 1h => crossover(close, ta.psar())
The PSAR flips from above to below price on 1h => crossunder(ta.psar(), close)
MFI crosses up through 20 on 15m => crossover(ta.mfi(14), 20)
10-period money flow index above 90 on 1h => ta.mfi(10) > 90
The 20-period Chaikin Money Flow is negative on 1h => ta.cmf(20) < 0
CMF below -0.2 on 4h => ta.cmf(20) < -0.2
ROC of 20 periods is below -5 on 1h => ta.roc(close, 20) < -5
rate of change (9) turns positive on 4h => crossover(ta.roc(close, 9), 0)
the 12-period momentum is above zero on 1h => ta.mom(close, 12) > 0
Aroon Down is over 90 on 4h => ta.aroon(14).down > 90
25-period Aroon Up crosses below Aroon Down on 1d => crossunder(ta.aroon(25).up, ta.aroon(25).down)
TRIX(15) rises above zero on 1h => crossover(ta.trix(close, 15), 0)
The ultimate oscillator is above 70 on 4h => ta.uo(7, 14, 28) > 70
Chande momentum oscillator under -50 on 1h => ta.cmo(close, 14) < -50
TSI is below -25 on 4h => ta.tsi(close, 25, 13) < -25
Williams %R rises above -80 on 30m => crossover(ta.willr(14), -80)
the 10-period Williams %R is below -95 on 1h => ta.willr(10) < -95
vortex indicator VI- crosses above VI+ on 4h => crossover(ta.vortex(14).minus, ta.vortex(14).plus)
Awesome oscillator is rising for 3 candles while below zero on 1h => rising(ta.ao(), 3) and ta.ao() < 0
Accumulation/distribution line crosses above its 20 EMA on 4h => crossover(ta.ad(), ta.ema(ta.ad(), 20))
Choppiness is below 40 and ADX above 20 on 1h => ta.chop(14) < 40 and ta.adx(14).adx > 20
Price crosses above the 20-period volume weighted moving average on 1h => crossover(close, ta.vwma(close, 20))
The 9-period Hull moving average turns down on 1h =>
    ta.hma(close, 9) < ta.hma(close, 9)[1] and ta.hma(close, 9)[1] > ta.hma(close, 9)[2]
55 HMA is rising on 4h => rising(ta.hma(close, 55), 1)
Price is above the 21-period DEMA and the 50-period TEMA on 1h =>
    close > ta.dema(close, 21) and close > ta.tema(close, 50)
the 20 WMA crosses above the 50 WMA on 1h => crossover(ta.wma(close, 20), ta.wma(close, 50))
z-score of volume above 3 on 1h => ta.zscore(volume, 20) > 3
the 30-period z-score of the close is below -2 on 1h => ta.zscore(close, 30) < -2
price is more than 3 standard deviations above the 100-period average on 1h => ta.zscore(close, 100) > 3
the relative volume is above 2.5 on 15m => ta.volume_ratio(20) > 2.5
20-period linear regression slope above 0 on 4h => ta.slope(close, 20) > 0
price above the 50-period linear regression line on 1h => close > ta.linreg(close, 50)
volume higher than the volume two candles ago on 1h => volume > volume[2]
volume lower than the previous candle on 1h => volume < volume[1]
volume is rising for 4 candles on 15m => rising(volume, 4)
volume exceeds 2.5 times its 30-candle average on 30m => volume > 2.5 * ta.sma(volume, 30)
volume is below half its 20-period average on 1h => volume < 0.5 * ta.sma(volume, 20)
quote volume over 1,000,000 on 1h => quote_volume > 1000000
close is greater than the high of two candles ago on 1h => close > high[2]
the close is above the open of 5 candles ago on 1h => close > open[5]
the high is the highest of the last 50 candles on 1h => high >= highest(high, 50)
the low is above the 20 EMA for 3 candles on 1h => always(low > ta.ema(close, 20), 3)
daily RSI above 50, 4h RSI below 40 and 15m RSI crossing above 30 =>
    tf("1d").rsi(close, 14) > 50 and tf("4h").rsi(close, 14) < 40 and crossover(ta.rsi(close, 14), 30)
1h MACD histogram is positive while the 5m RSI falls below 30 =>
    tf("1h").macd(close).hist > 0 and crossunder(ta.rsi(close, 14), 30)
The ETH RSI is below 50 on 1h and RSI above 60 on 1h =>
    symbol("ETHUSDT").rsi(close, 14) < 50 and ta.rsi(close, 14) > 60
Bitcoin's Supertrend is bullish on 4h and price crosses above the 20 EMA on 4h =>
    symbol("BTCUSDT").supertrend(10, 3).direction > 0 and crossover(close, ta.ema(close, 20))
neither RSI above 70 nor MFI above 80 on 1h => not (ta.rsi(close, 14) > 70) and not (ta.mfi(14) > 80)
price is above the 20 EMA but below the 50 EMA on 1h => close > ta.ema(close, 20) and close < ta.ema(close, 50)
RSI below 40 or CCI below -100 on 2h => ta.rsi(close, 14) < 40 or ta.cci(20) < -100
The Heikin-Ashi close is above the Heikin-Ashi open on 4h => ta.ha().close > ta.ha().open
Heikin Ashi candles have been green for 3 bars on 1h => always(ta.ha().close > ta.ha().open, 3)
Elder force index crosses above zero on 1h => crossover(ta.efi(13), 0)
Klinger oscillator crosses above its signal line on 4h => crossover(ta.kvo(34, 55, 13).kvo, ta.kvo(34, 55, 13).signal)
Coppock curve turns up below zero on 1d =>
    ta.coppock(10, 11, 14) > ta.coppock(10, 11, 14)[1] and ta.coppock(10, 11, 14)[1] < ta.coppock(10, 11, 14)[2] and
    ta.coppock(10, 11, 14) < 0
KDJ J line above 100 on 1h => ta.kdj(9, 3).j > 100
price closes above the chandelier exit long on 4h => close > ta.ce(22, 3).long
Notify me whenever the 21-period RSI goes under 40 on the two-hour chart => crossunder(ta.rsi(close, 21), 40)
Buy when the RSI is oversold on the 30 minute chart => ta.rsi(close, 14) < 30
Go long when RSI (14) has crossed above 40 on the 1h timeframe => crossover(ta.rsi(close, 14), 40)
RSI has stayed below 40 for 12 candles on 15m => always(ta.rsi(close, 14) < 40, 12)
The RSI on the 4 hour chart is at least 10 points higher than 5 candles ago =>
    ta.rsi(close, 14) - ta.rsi(close, 14)[5] >= 10
The MACD line has crossed below zero on the 6 hour chart => crossunder(ta.macd(close).macd, 0)
MACD (12, 26, 9) histogram above zero for the third candle in a row on 1h => always(ta.macd(close).hist > 0, 3)
Short when the MACD histogram turns negative on 2h => crossunder(ta.macd(close).hist, 0)
MACD line below its signal line and falling on 4h =>
    ta.macd(close).macd < ta.macd(close).signal and falling(ta.macd(close).macd, 1)
The upper Bollinger Band is touched by the high on 1h => high >= ta.bbands(close, 20, 2).upper
The close is outside the Bollinger Bands on 1h =>
    close > ta.bbands(close, 20, 2).upper or close < ta.bbands(close, 20, 2).lower
The candle's low is below the lower Bollinger band but it closes above it on 1h =>
    low < ta.bbands(close, 20, 2).lower and close > ta.bbands(close, 20, 2).lower
Price crosses the middle Bollinger band from below on 1h => crossover(close, ta.bbands(close, 20, 2).middle)
The percent B of the Bollinger bands is greater than 1 on 4h => ta.bbands(close, 20, 2).percent > 1
Price closes above its 100-day simple moving average => close > ta.sma(close, 100)
Price is below the 21-week EMA on the weekly chart => close < ta.ema(close, 21)
Price has been below the 200 SMA for at least 20 candles on 4h => always(close < ta.sma(close, 200), 20)
The 5 EMA is above the 13 EMA which is above the 34 EMA on 1h =>
    ta.ema(close, 5) > ta.ema(close, 13) and ta.ema(close, 13) > ta.ema(close, 34)
the 20-period SMA has crossed below the 50-period SMA within the last 5 candles on 1h =>
    within(crossunder(ta.sma(close, 20), ta.sma(close, 50)), 5)
the 20 EMA is more than 2% above the 50 EMA on 4h => ta.ema(close, 20) > 1.02 * ta.ema(close, 50)
the distance between price and the 50 EMA is more than 3 percent on 1h => abs(close / ta.ema(close, 50) - 1) > 0.03
Price is 3 to 5 percent above the 20 EMA on 1h =>
    close >= 1.03 * ta.ema(close, 20) and close <= 1.05 * ta.ema(close, 20)
ADX (14) crosses above 20 with +DI above -DI on the 4 hour chart =>
    crossover(ta.adx(14).adx, 20) and ta.adx(14).plus_di > ta.adx(14).minus_di
ADX has been below 20 for 10 candles on 1h => always(ta.adx(14).adx < 20, 10)
The 7-period ATR is greater than the 28-period ATR on 1h => ta.atr(7) > ta.atr(28)
The candle's range is bigger than 1.5 times the ATR on 1h => high - low > 1.5 * ta.atr(14)
The true range is more than twice the 14-period ATR on 1h => ta.true_range() > 2 * ta.atr(14)
ATR(14) in percent of price is below 1 on 1h => ta.natr(14) < 1
Slow stochastic %K crosses below 80 on 4h => crossunder(ta.stoch(14, 3, 3).k, 80)
Stochastic %K and %D are both under 20 on 15m => ta.stoch(14, 3, 3).k < 20 and ta.stoch(14, 3, 3).d < 20
Stochastic oscillator is overbought on the daily chart => ta.stoch(14, 3, 3).k > 80
Stochastic %K is between 20 and 80 on 1h => between(ta.stoch(14, 3, 3).k, 20, 80)
The stochastic RSI is below 10 on 30m => ta.stochrsi(close, 14, 14, 3, 3).k < 10
CCI(20) turns positive on 1h => crossover(ta.cci(20), 0)
CCI drops below 100 from above on 4h => crossunder(ta.cci(20), 100)
OBV is above its 50 EMA while price is under its 50 EMA on 4h =>
    ta.obv() > ta.ema(ta.obv(), 50) and close < ta.ema(close, 50)
OBV reaches its highest level in 100 candles on 1h => ta.obv() >= highest(ta.obv(), 100)
Price is more than 1.5 percent below VWAP on 5m => close < 0.985 * ta.vwap()
Price reclaims VWAP on the 15m chart => crossover(close, ta.vwap())
Supertrend is in an uptrend on the 4h chart => ta.supertrend(10, 3).direction > 0
Supertrend switches from bullish to bearish on 1h => crossunder(ta.supertrend(10, 3).direction, 0)
A Supertrend of length 14 and factor 3 flips green on 2h => crossover(ta.supertrend(14, 3).direction, 0)
Price closes inside the Ichimoku cloud on 1d =>
    between(close, min(ta.ichimoku().span_a, ta.ichimoku().span_b), max(ta.ichimoku().span_a, ta.ichimoku().span_b))
Price falls out of the bottom of the Ichimoku cloud on 4h =>
    crossunder(close, min(ta.ichimoku().span_a, ta.ichimoku().span_b))
Kijun-sen is above the price on 4h => ta.ichimoku().base > close
Ichimoku: Tenkan crosses below Kijun on 1h => crossunder(ta.ichimoku().conversion, ta.ichimoku().base)
The Ichimoku cloud turns red on 4h => crossunder(ta.ichimoku().span_a, ta.ichimoku().span_b)
Price re-enters the Keltner channel from above on 1h => crossunder(close, ta.keltner(20, 2).upper)
Close outside the upper Keltner channel of 20 periods and 3 ATR on 1h => close > ta.keltner(20, 3).upper
Price touches the lower Donchian channel on 1h => low <= ta.donchian(20).lower
Price breaks above the 20-day Donchian channel on the daily chart => close > ta.donchian(20).upper[1]
Parabolic SAR switches from above the price to below it on 4h => crossunder(ta.psar(), close)
The parabolic SAR (0.01, 0.1) is under the close on 1h => ta.psar(0.01, 0.1) < close
MFI is under 15 on the 1 hour => ta.mfi(14) < 15
MFI falls from above 80 to below 80 on 4h => crossunder(ta.mfi(14), 80)
Chaikin Money Flow with length 10 crosses below -0.1 on 1h => crossunder(ta.cmf(10), -0.1)
ROC(5) is greater than 10 on 1d => ta.roc(close, 5) > 10
Momentum with length 10 has been positive for 5 candles on 1h => always(ta.mom(close, 10) > 0, 5)
Aroon Up above 70 and Aroon Down below 30 on 4h => ta.aroon(14).up > 70 and ta.aroon(14).down < 30
TRIX turns negative on the 8h => crossunder(ta.trix(close, 18), 0)
The 9-period TRIX is rising for 3 candles on 4h => rising(ta.trix(close, 9), 3)
Ultimate Oscillator crosses above 50 on 1h => crossover(ta.uo(7, 14, 28), 50)
The Awesome Oscillator crosses below the zero line on 4h => crossunder(ta.ao(), 0)
The negative vortex line is above the positive one on 1d => ta.vortex(14).minus > ta.vortex(14).plus
Choppiness Index rises above 61.8 on 4h => crossover(ta.chop(14), 61.8)
The volume ratio is more than 4 on 5m => ta.volume_ratio(20) > 4
Volume is greater than the 20-period average volume for 3 candles in a row on 1h =>
    always(volume > ta.sma(volume, 20), 3)
Volume is at its lowest in 50 candles on 1h => volume <= lowest(volume, 50)
The average volume of the last 5 candles is above the average volume of the last 50 candles on 1h =>
    ta.sma(volume, 5) > ta.sma(volume, 50)
The 10-period average volume is above the 50-period average volume on 1h => ta.sma(volume, 10) > ta.sma(volume, 50)
The close is above the close of 24 candles ago on 1h => close > close[24]
Close is the highest close of the last 30 candles on 4h => close >= highest(close, 30)
The close is within 2% of the highest high of the last 50 candles on 1h => close >= highest(high, 50) * 0.98
The low of the candle is the lowest low of 60 candles on 15m => low <= lowest(low, 60)
rsi 14 > 70 & close > bb upper, 1h short => ta.rsi(close, 14) > 70 and close > ta.bbands(close, 20, 2).upper
ema20 > ema50 > ema200 4h => ta.ema(close, 20) > ta.ema(close, 50) and ta.ema(close, 50) > ta.ema(close, 200)
stoch k x d up < 20, 15m => crossover(ta.stoch(14, 3, 3).k, ta.stoch(14, 3, 3).d) and ta.stoch(14, 3, 3).k < 20
macd hist > 0 2h => ta.macd(close).hist > 0
psar flip up 4h => crossover(close, ta.psar())
tk cross up 1d => crossover(ta.ichimoku().conversion, ta.ichimoku().base)
di+ > di- adx > 25 1h => ta.adx(14).plus_di > ta.adx(14).minus_di and ta.adx(14).adx > 25
willr < -90 1h => ta.willr(14) < -90
cmf > 0.2 4h => ta.cmf(20) > 0.2
close x above sma50 d1 => crossover(close, ta.sma(close, 50))
rsi x 50 up 1h => crossover(ta.rsi(close, 14), 50)
sma 20/50 cross down 4h => crossunder(ta.sma(close, 20), ta.sma(close, 50))
hma55 turning up 4h => ta.hma(close, 55) > ta.hma(close, 55)[1] and ta.hma(close, 55)[1] < ta.hma(close, 55)[2]
rvol > 3 5m => ta.volume_ratio(20) > 3
bbw lowest 120 bars 1h => ta.bbands(close, 20, 2).width <= lowest(ta.bbands(close, 20, 2).width, 120)
chop > 60 1h => ta.chop(14) > 60
price > vwap & rsi > 50 5m => close > ta.vwap() and ta.rsi(close, 14) > 50
roc(9) > 3% 1h => ta.roc(close, 9) > 3
ao > 0, 4h => ta.ao() > 0
zscore(50) < -2.5 1h => ta.zscore(close, 50) < -2.5
uo < 30 4h => ta.uo(7, 14, 28) < 30
Signal a long when the 2-period RSI is below 10 and the close is above the 200-period SMA on the daily chart =>
    ta.rsi(close, 2) < 10 and close > ta.sma(close, 200)
The RSI crossed below 50 two candles ago on 1h => crossunder(ta.rsi(close, 14), 50)[2]
RSI of 14 is lower than RSI of 28 on 1h => ta.rsi(close, 14) < ta.rsi(close, 28)
The 7-period RSI crosses above the 21-period RSI on 4h => crossover(ta.rsi(close, 7), ta.rsi(close, 21))
The MACD histogram is larger than 5 candles ago on 1h => ta.macd(close).hist > ta.macd(close).hist[5]
MACD line below zero but above its signal line on 4h =>
    ta.macd(close).macd < 0 and ta.macd(close).macd > ta.macd(close).signal
MACD crosses its signal line upwards on the 1 hour chart => crossover(ta.macd(close).macd, ta.macd(close).signal)
The MACD with parameters 6, 13, 5 crosses under its signal on the 5 minute chart =>
    crossunder(ta.macd(close, 6, 13, 5).macd, ta.macd(close, 6, 13, 5).signal)
MACD histogram bars have been shrinking for 4 candles on 1h => falling(ta.macd(close).hist, 4)
Close above the upper band of the Bollinger Bands for two candles in a row on 4h =>
    always(close > ta.bbands(close, 20, 2).upper, 2)
the width of the Bollinger Bands is below 0.03 on 15m => ta.bbands(close, 20, 2).width < 0.03
The Bollinger Bands' width is at a 50-candle low on 1h =>
    ta.bbands(close, 20, 2).width <= lowest(ta.bbands(close, 20, 2).width, 50)
The 10, 20 and 50 EMAs are all rising on 4h =>
    rising(ta.ema(close, 10), 1) and rising(ta.ema(close, 20), 1) and rising(ta.ema(close, 50), 1)
The 50-period average is above the 200-period average on 1h => ta.sma(close, 50) > ta.sma(close, 200)
Price is above all of the 20, 50 and 100 SMA on 4h =>
    close > ta.sma(close, 20) and close > ta.sma(close, 50) and close > ta.sma(close, 100)
The close is below the exponential moving average of 34 candles on 30m => close < ta.ema(close, 34)
Price closed back above the 20 EMA on 1h => close > ta.ema(close, 20)
Price is 2% or more above the 200 SMA on the daily => close >= 1.02 * ta.sma(close, 200)
the 9 EMA has crossed above the 21 EMA in the last 3 candles on 15m =>
    within(crossover(ta.ema(close, 9), ta.ema(close, 21)), 3)
The close is more than 1.5 ATRs away from the 20 EMA on 1h => abs(close - ta.ema(close, 20)) > 1.5 * ta.atr(14)
Price is within one ATR of the 50 SMA on 4h => abs(close - ta.sma(close, 50)) <= 1 * ta.atr(14)
The ADX is between 20 and 40 on 2h => between(ta.adx(14).adx, 20, 40)
ADX turns up from below 20 on 4h =>
    ta.adx(14).adx > ta.adx(14).adx[1] and ta.adx(14).adx[1] < ta.adx(14).adx[2] and ta.adx(14).adx < 20
ATR is higher than its 20-period moving average on 1h => ta.atr(14) > ta.sma(ta.atr(14), 20)
%K of the stochastic crosses above 20 on the 15-minute => crossover(ta.stoch(14, 3, 3).k, 20)
The stochastic %K is above its %D on 1h => ta.stoch(14, 3, 3).k > ta.stoch(14, 3, 3).d
Stoch RSI crosses up out of oversold on 1h => crossover(ta.stochrsi(close, 14, 14, 3, 3).k, 20)
CCI has been above 100 for three candles on 1h => always(ta.cci(20) > 100, 3)
The OBV line is falling for 5 candles on 4h => falling(ta.obv(), 5)
Price closes above VWAP for the first time in 10 candles on 5m =>
    close > ta.vwap() and not within(close > ta.vwap(), 10)[1]
The Supertrend is red on 1h => ta.supertrend(10, 3).direction < 0
Supertrend has been bullish for 20 candles on 1h => always(ta.supertrend(10, 3).direction > 0, 20)
The price is above the cloud and the Tenkan crosses above the Kijun on 4h =>
    close > max(ta.ichimoku().span_a, ta.ichimoku().span_b) and crossover(ta.ichimoku().conversion,
    ta.ichimoku().base)
Price crosses below the Tenkan-sen on 1d => crossunder(close, ta.ichimoku().conversion)
Price closes outside the Keltner channels on 1h => close > ta.keltner(20, 2).upper or close < ta.keltner(20, 2).lower
The close crosses below the Keltner channel's middle line on 1h => crossunder(close, ta.keltner(20, 2).middle)
The SAR is above price on 30m => ta.psar() > close
MFI above 50 and rising on 1h => ta.mfi(14) > 50 and rising(ta.mfi(14), 1)
The MFI is overbought on 4h => ta.mfi(14) > 80
The CMF is positive and above its value 10 candles ago on 4h => ta.cmf(20) > 0 and ta.cmf(20) > ta.cmf(20)[10]
Rate of change over 14 candles is below -8 on 1h => ta.roc(close, 14) < -8
Aroon oscillator turns positive on 1d => crossover(ta.aroon(14).osc, 0)
The TRIX is above its 9-period EMA on 4h => ta.trix(close, 18) > ta.ema(ta.trix(close, 18), 9)
AO crosses above zero and the close is above the 50 SMA on 4h => crossover(ta.ao(), 0) and close > ta.sma(close, 50)
Choppiness above 60 for 10 candles on 1h => always(ta.chop(14) > 60, 10)
VI plus crosses below VI minus on the daily => crossunder(ta.vortex(14).plus, ta.vortex(14).minus)
Price is below its 20-period VWMA on 4h => close < ta.vwma(close, 20)
Volume spikes to more than 3 times its 20-candle average on 5m => volume > 3 * ta.sma(volume, 20)
Volume is 40% below its 20-period average on 1h => volume <= 0.6 * ta.sma(volume, 20)
The number of trades is twice its 100-candle average on 1m => trades >= 2 * ta.sma(trades, 100)
The close is higher than the previous close on 1h => close > close[1]
The close is lower than the low of the previous candle on 4h => close < low[1]
The typical price is above VWAP on 5m => hlc3 > ta.vwap()
Close above 50000 on 1h => close > 50000
Price is between the 50 SMA and the 200 SMA on 4h =>
    between(close, min(ta.sma(close, 50), ta.sma(close, 200)), max(ta.sma(close, 50), ta.sma(close, 200)))
The daily RSI is over 60 and the hourly RSI falls under 40 =>
    tf("1d").rsi(close, 14) > 60 and crossunder(ta.rsi(close, 14), 40)
Price is above the 200 EMA on both the 1h and the 4h chart =>
    close > ta.ema(close, 200) and close > tf("4h").ema(close, 200)
When the 4h MACD is above its signal, buy the 15m RSI crossing above 35 =>
    tf("4h").macd(close).macd > tf("4h").macd(close).signal and crossover(ta.rsi(close, 14), 35)
ETH is above its 50 SMA on the daily and RSI below 45 on the daily =>
    symbol("ETHUSDT").close > ta.sma(symbol("ETHUSDT").close, 50) and ta.rsi(close, 14) < 45
price above the 20 EMA on high volume on 1h => close > ta.ema(close, 20) and volume >= 1.5 * ta.sma(volume, 20)
RSI of volume above 70 on 1h => ta.rsi(volume, 14) > 70
MACD cross up with RSI below 50, 1h => crossover(ta.macd(close).macd, ta.macd(close).signal) and ta.rsi(close, 14) < 50
price within 2% of VWAP with RSI under 40, 15m => abs(close / ta.vwap() - 1) <= 0.02 and ta.rsi(close, 14) < 40
"""
