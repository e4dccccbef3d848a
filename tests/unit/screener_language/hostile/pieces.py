"""Pieces of programs, and of what is none, to make any text of."""

from __future__ import annotations

_TYPED = r"""
( ) [ ] { } , . : ; = == := += -> => < > <= >= != + - * / // % ** & | ^ ~ @ ! ? $ \ ' " ''' # 0 -1 1e999 9**9**9 0x 1_
007 1j None True not and or if else for in is lambda yield await async def class import from global del return with
match exit stop target score trade close ta tf( symbol( cdl ta.rsi ta.macd( __class__ __import__ f'{close}' b'x' *x **x
tf('1M') tf('5m') [-1] [0.5] .shift(1) hour('../x') é 🚀
"""
PIECES = [*_TYPED.split(), '"' * 3, "\n", "\r", "\t", "\0", "\ufeff", "\u200b", "\ud800"]
