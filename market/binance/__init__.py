"""Binance as a market source, over python-binance."""

from market.binance.source import BinanceSource

__all__ = ["BinanceSource"]
