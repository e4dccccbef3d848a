"""Sentences with a program that says the same: what the checks must leave alone, and what mutants are made of."""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """A sentence, a right program for it, its base interval and direction."""

    sentence: str
    code: str
    interval: str
    direction: str = "long"


MACD = "m = ta.macd(close)\n"

ENGLISH = [
    Pair("Buy when RSI(14) drops under 28 on the 1h chart.", "match = crossunder(ta.rsi(close, 14), 28)", "1h"),
    Pair("RSI below 30 on 15m while price is above the 4h 200 EMA",
         'match = ta.rsi(close, 14) < 30 and close > tf("4h").ema(close, 200)', "15m"),
    Pair("The 9 EMA crosses above the 21 EMA on 5m", "match = crossover(ta.ema(close, 9), ta.ema(close, 21))", "5m"),
    Pair("Short when the 20 SMA crosses below the 50 SMA, 4h",
         "match = crossunder(ta.sma(close, 20), ta.sma(close, 50))", "4h", "short"),
    Pair("MACD crosses above its signal line and ADX is above 20, 1h",
         MACD + "match = crossover(m.macd, m.signal) and ta.adx(14).adx > 20", "1h"),
    Pair("RSI above 50 on 1h and MACD above its signal on 4h",
         'match = ta.rsi(close, 14) > 50 and tf("4h").macd(close).macd > tf("4h").macd(close).signal', "1h"),
    Pair("either RSI is below 25 or the stochastic %K is below 10, 15m",
         "match = ta.rsi(close, 14) < 25 or ta.stoch(14, 3, 3).k < 10", "15m"),
    Pair("volume is at least twice its 20 candle average and the candle is green, 1h",
         "match = volume >= 2 * ta.sma(volume, 20) and close > open", "1h"),
    Pair("volume above 3 times its 50-period average on 5m", "match = volume > 3 * ta.sma(volume, 50)", "5m"),
    Pair("RSI below 30 within the last 5 candles and price above the 20 EMA, 1h",
         "match = within(ta.rsi(close, 14) < 30, 5) and close > ta.ema(close, 20)", "1h"),
    Pair("price has been above the 50 EMA for 10 candles, 15m", "match = always(close > ta.ema(close, 50), 10)", "15m"),
    Pair("price stayed below VWAP for 6 candles on 5m, short", "match = always(close < ta.vwap(), 6)", "5m", "short"),
    Pair("RSI is not above 70 and the 20 EMA is above the 50 EMA, 4h",
         "match = not ta.rsi(close, 14) > 70 and ta.ema(close, 20) > ta.ema(close, 50)", "4h"),
    Pair("close above the upper Bollinger band with ADX(14) over 25, 1h",
         "match = close > ta.bbands(close, 20, 2).upper and ta.adx(14).adx > 25", "1h"),
    Pair("close below the lower Keltner channel, 30m", "match = close < ta.keltner(20, 2).lower", "30m"),
    Pair("close above the highest high of the last 20 candles, 4h", "match = close > highest(high, 20)[1]", "4h"),
    Pair("short when price closes below the lowest low of the last 10 candles, 1h",
         "match = close < lowest(low, 10)[1]", "1h", "short"),
    Pair("RSI below 30 on 15m, stop 2%, target 4%",
         "match = ta.rsi(close, 14) < 30\nstop = close * 0.98\ntarget = close * 1.04", "15m"),
    Pair("short when RSI is above 75 on 1h, stop 1.5%, take profit 3%",
         "match = ta.rsi(close, 14) > 75\nstop = close * 1.015\ntarget = close * 0.97", "1h", "short"),
    Pair("MFI under 20 on 4h, stop at 2 ATR and target at 5 ATR",
         "match = ta.mfi(14) < 20\nstop = close - 2 * ta.atr(14)\ntarget = close + 5 * ta.atr(14)", "4h"),
    Pair("Buy on 1h when RSI crosses above 40; exit when RSI is above 65 or price is below the 50 EMA",
         "match = crossover(ta.rsi(close, 14), 40)\nexit = ta.rsi(close, 14) > 65 or close < ta.ema(close, 50)", "1h"),
    Pair("price is up more than 4% over the last 6 candles and RSI is still below 70, 1h",
         "match = pct_change(close, 6) > 4 and ta.rsi(close, 14) < 70", "1h"),
    Pair("price is more than 3% below the 20 EMA, 15m", "match = close < 0.97 * ta.ema(close, 20)", "15m"),
    Pair("BTC is above its 50 EMA and this coin's RSI is below 40, 1h",
         'match = symbol("BTCUSDT").close > symbol("BTCUSDT").ema(close, 50) and ta.rsi(close, 14) < 40', "1h"),
    Pair("Supertrend is bullish and CCI is below -100, 4h",
         "match = ta.supertrend(10, 3).direction > 0 and ta.cci(20) < -100", "4h"),
    Pair("bullish engulfing with volume above 2 times average, 4h",
         "match = cdl.engulfing().bullish and volume > 2 * ta.sma(volume, 20)", "4h"),
    Pair("RSI is between 40 and 60 and price is above the 200 SMA, 1d",
         "match = between(ta.rsi(close, 14), 40, 60) and close > ta.sma(close, 200)", "1d"),
    Pair("ADX above 25 and +DI above -DI, 1h",
         "d = ta.adx(14)\nmatch = d.adx > 25 and d.plus_di > d.minus_di", "1h"),
    Pair("RSI(7) is above RSI(21) on 15m", "match = ta.rsi(close, 7) > ta.rsi(close, 21)", "15m"),
    Pair("the EMA 50 is rising for 3 candles and price is above it, 1h",
         "match = rising(ta.ema(close, 50), 3) and close > ta.ema(close, 50)", "1h"),
    Pair("RSI below 35 and (a hammer or a bullish engulfing), 1h",
         "match = ta.rsi(close, 14) < 35 and (cdl.hammer() or cdl.engulfing().bullish)", "1h"),
    Pair("In the last 4 hours RSI was below 30, 15m candles, and price is now above the 20 EMA",
         "match = within(ta.rsi(close, 14) < 30, 16) and close > ta.ema(close, 20)", "15m"),
    Pair("CMF above 0.1 and OBV above its 20 SMA on 4h",
         "match = ta.cmf(20) > 0.1 and ta.obv() > ta.sma(ta.obv(), 20)", "4h"),
    Pair("Williams %R below -80 within 3 candles, 30m", "match = within(ta.willr(14) < -80, 3)", "30m"),
    Pair("the daily close is above the daily 50 SMA and the 1h RSI is below 45",
         'match = tf("1d").close > tf("1d").sma(close, 50) and ta.rsi(close, 14) < 45', "1h"),
    Pair("among the top 10 gainers of 24h and RSI below 60 on 15m",
         "match = rank(ticker.change_pct) <= 10 and ta.rsi(close, 14) < 60", "15m"),
    Pair("no candle of the last 5 closed below VWAP, 5m", "match = always(close >= ta.vwap(), 5)", "5m"),
    Pair("3 red candles in a row, then a green one, 1h", "match = always(close < open, 3)[1] and close > open", "1h"),
    Pair("MACD histogram is above zero on 1h unless RSI is above 75",
         "match = ta.macd(close).hist > 0 and not ta.rsi(close, 14) > 75", "1h"),
    Pair("Tenkan crosses above Kijun while price is above the cloud, 1d",
         "i = ta.ichimoku()\nmatch = crossover(i.conversion, i.base) and close > max(i.span_a, i.span_b)", "1d"),
    # The same in another way of writing it.
    Pair("close 2% below the 20 EMA or more, 15m", "match = close / ta.ema(close, 20) <= 0.98", "15m"),
    Pair("RSI not below 40 on 1h", "match = not (ta.rsi(close, 14) < 40)", "1h"),
    Pair("RSI crosses above 30 on 1h", "r = ta.rsi(close, 14)\nmatch = r > 30 and r[1] <= 30", "1h"),
    Pair("RSI was below 30 within the last 8 candles, 1h", "match = barssince(ta.rsi(close, 14) < 30) < 8", "1h"),
]  # fmt: skip

FOREIGN = [
    Pair("Comprar cuando el RSI de 14 cae por debajo de 30 en el gráfico de 15 minutos y el precio está sobre EMA 200.",
         "match = crossunder(ta.rsi(close, 14), 30) and close > ta.ema(close, 200)", "15m"),
    Pair("El precio ha subido un 5% en 24 velas de 1 hora, con el doble del volumen medio.",
         "match = pct_change(close, 24) >= 5 and volume > 2 * ta.sma(volume, 20)", "1h"),
    Pair("Kaufen, wenn der Kurs über dem EMA 50 liegt und der ADX über 22,5 steht, 4 Stunden Kerzen.",
         "match = close > ta.ema(close, 50) and ta.adx(14).adx > 22.5", "4h"),
    Pair("Vendre quand le RSI dépasse 72 sur le graphique de 1 heure.",
         "match = ta.rsi(close, 14) > 72", "1h", "short"),
    Pair("Comprar quando o RSI estiver abaixo de 30 no gráfico de 15 minutos e o preço voltar ao VWAP.",
         "match = ta.rsi(close, 14) < 30 and close > ta.vwap()", "15m"),
    Pair("Compra quando la EMA 9 incrocia al rialzo la EMA 21 sul grafico a 1 ora, stop ad 1 ATR.",
         "match = crossover(ta.ema(close, 9), ta.ema(close, 21))\nstop = close - ta.atr(14)", "1h"),
    Pair("Koop als de RSI onder 30 komt op de 1 uur grafiek en de koers boven het 50 daags gemiddelde staat.",
         'match = crossunder(ta.rsi(close, 14), 30) and close > tf("1d").sma(close, 50)', "1h"),
    Pair("15分钟图上，RSI(14)低于30且成交量大于20根均量的两倍。",
         "match = ta.rsi(close, 14) < 30 and volume > 2 * ta.sma(volume, 20)", "15m"),
    Pair("1時間足でRSIが30以下、終値が200EMAより上で買い。",
         "match = ta.rsi(close, 14) <= 30 and close > ta.ema(close, 200)", "1h"),
    Pair("4시간봉에서 MACD가 시그널선을 상향 돌파하면 매수.", MACD + "match = crossover(m.macd, m.signal)", "4h"),
    Pair("На часовом графике RSI(14) ниже 30, а объём в 2 раза больше среднего за 20 свечей.",
         "match = ta.rsi(close, 14) < 30 and volume > 2 * ta.sma(volume, 20)", "1h"),
    Pair("Kup, gdy RSI jest poniżej 30 na wykresie 15m, a cena jest powyżej EMA 200.",
         "match = ta.rsi(close, 14) < 30 and close > ta.ema(close, 200)", "15m"),
    Pair("Jual saat RSI di atas 70 pada grafik 1 jam dan harga di bawah EMA 50.",
         "match = ta.rsi(close, 14) > 70 and close < ta.ema(close, 50)", "1h"),
    Pair("RSI 30'un altında ve fiyat 200 EMA'nın üstünde, 1 saatlik grafik.",
         "match = ta.rsi(close, 14) < 30 and close > ta.ema(close, 200)", "1h"),
]  # fmt: skip
