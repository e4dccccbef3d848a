"""Spot trading: signed requests over REST and the WebSocket API, and the account's events."""

from simexchange.spot.venue import Spot

__all__ = ["Spot"]
