"""Sentences about one indicator each, with the expression that has to come of them: every family of indicators,
its nicknames, its ways of giving settings.

The interval is the one that the sentence names.
"""

SENTENCES = """
The 14 period RSI is less than 25 on 1h => ta.rsi(close, 14) < 25
RSI with a length of 7 is greater than 75 on the 5m chart => ta.rsi(close, 7) > 75
rsi 21 > 60 on 4h => ta.rsi(close, 21) > 60
RSI(9) crosses down through 70 on 15m => crossunder(ta.rsi(close, 9), 70)
RSI is between 40 and 60 on 1h => between(ta.rsi(close, 14), 40, 60)
RSI turns up on the 1h => ta.rsi(close, 14) > ta.rsi(close, 14)[1] and ta.rsi(close, 14)[1] < ta.rsi(close, 14)[2]
RSI leaves the oversold zone on 4h => crossover(ta.rsi(close, 14), 30)
RSI enters overbought territory on 30m => crossover(ta.rsi(close, 14), 70)
RSI comes out of oversold on 1h => crossover(ta.rsi(close, 14), 30)
RSI is at its lowest in 50 candles on the 1h => ta.rsi(close, 14) <= lowest(ta.rsi(close, 14), 50)
RSI hits a 20-candle low on 1h => ta.rsi(close, 14) <= lowest(ta.rsi(close, 14), 20)
RSI is higher than it was 5 candles ago on 1h => ta.rsi(close, 14) > ta.rsi(close, 14)[5]
RSI is above its 14-period average on 1h => ta.rsi(close, 14) > ta.sma(ta.rsi(close, 14), 14)
RSI is above its own 9 EMA on 1h => ta.rsi(close, 14) > ta.ema(ta.rsi(close, 14), 9)
RSI and MFI are both below 30 on 1h => ta.rsi(close, 14) < 30 and ta.mfi(14) < 30
RSI(2) falls under 5 on the daily => crossunder(ta.rsi(close, 2), 5)
Relative Strength Index below 28 on 2h => ta.rsi(close, 14) < 28
The 5-period RSI rose above 60 on the 3 minute chart => crossover(ta.rsi(close, 5), 60)
Stoch RSI %K crosses above %D on 1h =>
    crossover(ta.stochrsi(close, 14, 14, 3, 3).k, ta.stochrsi(close, 14, 14, 3, 3).d)
StochRSI below 20 on 15m => ta.stochrsi(close, 14, 14, 3, 3).k < 20
Stochastic RSI is overbought on 4h => ta.stochrsi(close, 14, 14, 3, 3).k > 80
Stochastic(5, 3, 3) %K drops below 20 on 1h => crossunder(ta.stoch(5, 3, 3).k, 20)
slow stochastic %D above 80 on 4h => ta.stoch(14, 3, 3).d > 80
%K crosses above %D on the 1h => crossover(ta.stoch(14, 3, 3).k, ta.stoch(14, 3, 3).d)
bullish stochastic cross below 20 on 1h =>
    crossover(ta.stoch(14, 3, 3).k, ta.stoch(14, 3, 3).d) and ta.stoch(14, 3, 3).k < 20
stochastic bullish crossover on 15m => crossover(ta.stoch(14, 3, 3).k, ta.stoch(14, 3, 3).d)
Stochastic K line over D line on 2h => ta.stoch(14, 3, 3).k > ta.stoch(14, 3, 3).d
MACD is above zero on 4h => ta.macd(close).macd > 0
MACD line crosses under the signal line on 15m => crossunder(ta.macd(close).macd, ta.macd(close).signal)
The MACD histogram is rising for 3 candles on 1h => rising(ta.macd(close).hist, 3)
MACD histogram flips negative on 4h => crossunder(ta.macd(close).hist, 0)
MACD(8, 17, 9) crosses above its signal on 1h =>
    crossover(ta.macd(close, 8, 17, 9).macd, ta.macd(close, 8, 17, 9).signal)
macd 5 35 5 above signal on 1h => ta.macd(close, 5, 35, 5).macd > ta.macd(close, 5, 35, 5).signal
MACD is bullish on the daily => ta.macd(close).macd > ta.macd(close).signal
MACD turns bearish on 1h => crossunder(ta.macd(close).macd, ta.macd(close).signal)
The signal line of the MACD is below zero on 1h => ta.macd(close).signal < 0
MACD crosses its zero line from below on 4h => crossover(ta.macd(close).macd, 0)
MACD histogram turns up while below zero on 1h =>
    ta.macd(close).hist > ta.macd(close).hist[1] and ta.macd(close).hist[1] < ta.macd(close).hist[2] and
    ta.macd(close).hist < 0
the MACD histogram is higher than on the previous candle on 1h => ta.macd(close).hist > ta.macd(close).hist[1]
MACD line above its signal line on 1h => ta.macd(close).macd > ta.macd(close).signal
PPO crosses above its signal line on the daily =>
    crossover(ta.ppo(close, 12, 26, 9).ppo, ta.ppo(close, 12, 26, 9).signal)
PPO histogram is positive on 4h => ta.ppo(close, 12, 26, 9).hist > 0
Price is below the lower Bollinger band on 1h => close < ta.bbands(close, 20, 2).lower
price crosses above the upper bollinger band with length 20 and 2.5 standard deviations on 1h =>
    crossover(close, ta.bbands(close, 20, 2.5).upper)
close above the middle Bollinger Band on 15m => close > ta.bbands(close, 20, 2).middle
close below bb lower (20,3) on 5m => close < ta.bbands(close, 20, 3).lower
Bollinger %B below 0 on 1h => ta.bbands(close, 20, 2).percent < 0
%B is above 1 on 4h => ta.bbands(close, 20, 2).percent > 1
Bollinger bandwidth below 0.05 on 1h => ta.bbands(close, 20, 2).width < 0.05
bollinger bands are the tightest in 50 candles on 1h =>
    ta.bbands(close, 20, 2).width <= lowest(ta.bbands(close, 20, 2).width, 50)
Bollinger bandwidth at its highest in 100 bars on 1h =>
    ta.bbands(close, 20, 2).width >= highest(ta.bbands(close, 20, 2).width, 100)
price is outside the Bollinger bands on 1h =>
    close > ta.bbands(close, 20, 2).upper or close < ta.bbands(close, 20, 2).lower
price is inside the Bollinger bands on 1h =>
    between(close, ta.bbands(close, 20, 2).lower, ta.bbands(close, 20, 2).upper)
price closes back inside the bands after closing above the upper band on 4h =>
    crossunder(close, ta.bbands(close, 20, 2).upper)
the low touches the lower Bollinger band on 1h => low <= ta.bbands(close, 20, 2).lower
price touches the upper Bollinger band on 1h => high >= ta.bbands(close, 20, 2).upper
price tags the 200 EMA on 1h => between(ta.ema(close, 200), low, high)
the bollinger bands are widening on 1h => rising(ta.bbands(close, 20, 2).width, 1)
price above the Keltner channel on 15m => close > ta.keltner(20, 2).upper
close beneath the lower Keltner band (20, 1.5) on 1h => close < ta.keltner(20, 1.5).lower
price crosses above the Keltner middle line on 1h => crossover(close, ta.keltner(20, 2).middle)
price closes above the 55-period Donchian channel on 1h => close > ta.donchian(55).upper[1]
close breaks below the lower Donchian channel (20) on the 4h => close < ta.donchian(20).lower[1]
price crosses above the middle of the Donchian channel on 1d => crossover(close, ta.donchian(20).middle)
price is above the EMA200 on 1h => close > ta.ema(close, 200)
price is under the ema of 20 on 1h => close < ta.ema(close, 20)
close > sma(50) on 1d => close > ta.sma(close, 50)
EMA 12 crosses EMA 26 from below on 1h => crossover(ta.ema(close, 12), ta.ema(close, 26))
20 EMA crosses under the 50 EMA on 30m => crossunder(ta.ema(close, 20), ta.ema(close, 50))
9>21>55 EMA on 1h => ta.ema(close, 9) > ta.ema(close, 21) and ta.ema(close, 21) > ta.ema(close, 55)
EMA 9 > EMA 21 > EMA 55 on 1h => ta.ema(close, 9) > ta.ema(close, 21) and ta.ema(close, 21) > ta.ema(close, 55)
the 8, 21 and 55 EMAs are stacked bullishly on 1h =>
    ta.ema(close, 8) > ta.ema(close, 21) and ta.ema(close, 21) > ta.ema(close, 55)
bearish EMA stack 9/21/55 on 1h => ta.ema(close, 9) < ta.ema(close, 21) and ta.ema(close, 21) < ta.ema(close, 55)
price is above the 50 and the 200 simple averages on 1h => close > ta.sma(close, 50) and close > ta.sma(close, 200)
price is above both the 20 and 50 EMA on 1h => close > ta.ema(close, 20) and close > ta.ema(close, 50)
price is above the 20 EMA and the 50 EMA on 1h => close > ta.ema(close, 20) and close > ta.ema(close, 50)
the 20 EMA is rising on 1h => rising(ta.ema(close, 20), 1)
the 200 SMA is sloping up over the last 10 candles on 1h => rising(ta.sma(close, 200), 10)
close crosses above the Hull moving average of 55 on 1h => crossover(close, ta.hma(close, 55))
price is above the 20-period HMA on 1h => close > ta.hma(close, 20)
the 20 DEMA crosses above the 50 DEMA on 1h => crossover(ta.dema(close, 20), ta.dema(close, 50))
price below the 30 TEMA on 15m => close < ta.tema(close, 30)
close over the 20 VWMA on 1h => close > ta.vwma(close, 20)
close crosses above the Kaufman adaptive moving average on 1h => crossover(close, ta.kama(close, 10))
the 10-period KAMA turns up on 1h =>
    ta.kama(close, 10) > ta.kama(close, 10)[1] and ta.kama(close, 10)[1] < ta.kama(close, 10)[2]
price crosses the 100 WMA from above on 1h => crossunder(close, ta.wma(close, 100))
close above the 14-period smoothed moving average on 1h => close > ta.rma(close, 14)
price above the 20-week average on the weekly chart => close > ta.sma(close, 20)
price is more than 10% below its 50 SMA on 1h => close < ta.sma(close, 50) * (1 - 10 / 100)
price is at least 3 percent above VWAP on 5m => close >= ta.vwap() * (1 + 3 / 100)
price is within 0.5% of the 200 EMA on 1h => abs(close / ta.ema(close, 200) - 1) <= 0.005
price is more than 2 ATR above the 20 EMA on 1h => close > ta.ema(close, 20) + 2 * ta.atr(14)
price closes 3 ATRs below the 20 EMA on 1h => close <= ta.ema(close, 20) - 3 * ta.atr(14)
close above the 20 EMA plus 2 ATR on 1h => close > ta.ema(close, 20) + 2 * ta.atr(14)
price is 2 standard deviations above its 20-period average on 1h => ta.zscore(close, 20) >= 2
z-score of price over 50 candles below -2.5 on 1h => ta.zscore(close, 50) < -2.5
the 20-period z-score is above 3 on 1h => ta.zscore(close, 20) > 3
ATR is above its 50-period average on 1h => ta.atr(14) > ta.sma(ta.atr(14), 50)
ATR(14) is more than 3% of the price on 1h => ta.atr(14) > 0.03 * close
ATR is falling for 5 candles on 1h => falling(ta.atr(14), 5)
normalized ATR above 4 on 1h => ta.natr(14) > 4
ADX rising on 4h => rising(ta.adx(14).adx, 1)
ADX rises above 25 on 1h => crossover(ta.adx(14).adx, 25)
plus DI crosses above minus DI on 1h => crossover(ta.adx(14).plus_di, ta.adx(14).minus_di)
bullish DI cross on 4h => crossover(ta.adx(14).plus_di, ta.adx(14).minus_di)
+DI is over 30 on 1h => ta.adx(14).plus_di > 30
CCI(14) crosses below 100 on 1h => crossunder(ta.cci(14), 100)
CCI below -150 on 15m => ta.cci(20) < -150
CCI is oversold on 1h => ta.cci(20) < -100
MFI overbought on 1h => ta.mfi(14) > 80
money flow index crosses above 50 on 1h => crossover(ta.mfi(14), 50)
CMF crosses above zero on 4h => crossover(ta.cmf(20), 0)
Chaikin money flow turns negative on 1h => crossunder(ta.cmf(20), 0)
Chaikin oscillator crosses above zero on 1h => crossover(ta.adosc(3, 10), 0)
accumulation/distribution line is rising for 5 candles on 1h => rising(ta.ad(), 5)
OBV makes a new 20 candle high on 1h => ta.obv() >= highest(ta.obv(), 20)
OBV crosses above its 20 EMA on 1h => crossover(ta.obv(), ta.ema(ta.obv(), 20))
Aroon up is above 70 on 1d => ta.aroon(14).up > 70
Aroon oscillator above 50 on 4h => ta.aroon(14).osc > 50
Aroon(25) up crosses above Aroon down on 4h => crossover(ta.aroon(25).up, ta.aroon(25).down)
awesome oscillator turns negative on 1h => crossunder(ta.ao(), 0)
AO is positive and rising on 1h => ta.ao() > 0 and rising(ta.ao(), 1)
choppiness index above 61.8 on 1h => ta.chop(14) > 61.8
chop crosses below 50 on 1h => crossunder(ta.chop(14), 50)
CMO(20) above 50 on 1h => ta.cmo(close, 20) > 50
Tenkan above Kijun on 4h => ta.ichimoku().conversion > ta.ichimoku().base
bullish TK cross on 4h => crossover(ta.ichimoku().conversion, ta.ichimoku().base)
price crosses above the Kijun-sen on 1h => crossover(close, ta.ichimoku().base)
price breaks below the kumo on 4h => crossunder(close, min(ta.ichimoku().span_a, ta.ichimoku().span_b))
price is inside the cloud on 4h =>
    between(close, min(ta.ichimoku().span_a, ta.ichimoku().span_b), max(ta.ichimoku().span_a, ta.ichimoku().span_b))
the cloud is green on 4h => ta.ichimoku().span_a > ta.ichimoku().span_b
senkou span A crosses above senkou span B on the daily => crossover(ta.ichimoku().span_a, ta.ichimoku().span_b)
price crosses above the Ichimoku cloud (10, 30, 60) on 1h =>
    crossover(close, max(ta.ichimoku(10, 30, 60).span_a, ta.ichimoku(10, 30, 60).span_b))
parabolic SAR flips below the price on 1h => crossunder(ta.psar(), close)
SAR turns bullish on 4h => crossover(close, ta.psar())
PSAR below price on 1h => ta.psar() < close
price above the parabolic SAR on 1h => close > ta.psar()
Supertrend(10, 3) flips bearish on 1h => crossunder(ta.supertrend(10, 3).direction, 0)
supertrend is green on 4h => ta.supertrend(10, 3).direction > 0
price crosses above the Supertrend on 1h => crossover(close, ta.supertrend(10, 3).line)
supertrend 7 2 flips long on 15m => crossover(ta.supertrend(7, 2).direction, 0)
price is above the Supertrend line on 1h => close > ta.supertrend(10, 3).line
price closes above the weekly VWAP on 1h => close > ta.vwap("1w")
price loses VWAP on 15m => crossunder(close, ta.vwap())
vortex plus crosses above vortex minus on 1d => crossover(ta.vortex(14).plus, ta.vortex(14).minus)
VI+ above VI- on 4h => ta.vortex(14).plus > ta.vortex(14).minus
TRIX crosses below zero on 4h => crossunder(ta.trix(close, 18), 0)
15-period TRIX is negative on 4h => ta.trix(close, 15) < 0
TSI crosses above zero on 1h => crossover(ta.tsi(close, 25, 13), 0)
ultimate oscillator below 30 on 1h => ta.uo(7, 14, 28) < 30
Williams %R below -80 on 1h => ta.willr(14) < -80
Williams %R crosses above -50 on 1h => crossover(ta.willr(14), -50)
%R is overbought on 1h => ta.willr(14) > -20
ROC(12) crosses above zero on 1h => crossover(ta.roc(close, 12), 0)
momentum(10) is positive on 1h => ta.mom(close, 10) > 0
relative volume above 3 on 5m => ta.volume_ratio(20) > 3
RVOL is at least 2 on 15m => ta.volume_ratio(20) >= 2
linear regression slope over 20 candles is positive on 1h => ta.slope(close, 20) > 0
Heikin-Ashi candle is green on 1h => ta.ha().close > ta.ha().open
Heikin Ashi turns red on 4h => crossunder(ta.ha().close, ta.ha().open)
Fisher transform crosses above its signal on 1h => crossover(ta.fisher(9, 1).fisher, ta.fisher(9, 1).signal)
volume is above its 20-period average on 1h => volume > ta.sma(volume, 20)
volume is twice its 50-bar average on 1h => volume >= 2 * ta.sma(volume, 50)
volume is 150% of its 20-period average on 1h => volume >= 1.5 * ta.sma(volume, 20)
volume is more than 5 times the 20 EMA of volume on 5m => volume > 5 * ta.ema(volume, 20)
volume is higher than two candles ago on 1h => volume > volume[2]
volume above the previous candle's volume on 1h => volume > volume[1]
volume is the lowest in 30 candles on 1h => volume <= lowest(volume, 30)
the close is higher than the close 10 candles ago on 1h => close > close[10]
the close is above the previous high on 1h => close > high[1]
low is above the 20 EMA on 1h => low > ta.ema(close, 20)
price is above the daily 50 EMA on 1h => close > tf("1d").ema(close, 50)
RSI below 30 on 15m and the 4h RSI above 50 => ta.rsi(close, 14) < 30 and tf("4h").rsi(close, 14) > 50
BTC's 1h RSI is above 50 and RSI below 40 on 15m =>
    symbol("BTCUSDT").tf("1h").rsi(close, 14) > 50 and ta.rsi(close, 14) < 40
Bitcoin is above its 50 EMA on 4h and RSI below 30 on 4h =>
    symbol("BTCUSDT").close > ta.ema(symbol("BTCUSDT").close, 50) and ta.rsi(close, 14) < 30
the 4h Supertrend is bullish and on 15m RSI crosses above 40 =>
    tf("4h").supertrend(10, 3).direction > 0 and crossover(ta.rsi(close, 14), 40)
weekly MACD histogram above 0 and daily RSI under 40 => tf("1w").macd(close).hist > 0 and ta.rsi(close, 14) < 40
RSI stays above 50 for 10 candles on 1h => always(ta.rsi(close, 14) > 50, 10)
MACD crossed above its signal within the last 3 candles on 1h =>
    within(crossover(ta.macd(close).macd, ta.macd(close).signal), 3)
price is not above the 200 EMA on 1h => not (close > ta.ema(close, 200))
either RSI or MFI is below 20 on 1h => ta.rsi(close, 14) < 20 or ta.mfi(14) < 20
"""
