"""The words of the language: functions, indicators and candlestick patterns as formulas over operators."""
