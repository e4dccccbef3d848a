"""Who follows the account: subscriptions of the WebSocket API, and listen keys on the stream address."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from simexchange.clock import VirtualClock
from simexchange.spot.events import Event
from simexchange.trading.ids import Ids

_KEY_LIVES_MS: Final = 3_600_000

Send = Callable[[str], None]
"""Queues a text to one connection."""


class UserData:
    """Sends each event to every subscription, at once and in order."""

    def __init__(self, clock: VirtualClock, ids: Ids, put: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._ids = ids
        self._put = put
        self._subscribers: dict[tuple[object, int], Send] = {}
        self._keys: dict[str, int] = {}

    def publish(self, event: Event) -> None:
        """Send an event to all who follow."""
        if self._subscribers:
            text = json.dumps(event, separators=(",", ":"))
            for (_, number), send in list(self._subscribers.items()):
                send(f'{{"subscriptionId":{number},"event":{text}}}')
        now = self._clock.now_ms()
        for key in [key for key, ends in self._keys.items() if ends > now]:
            self._put(key, json.dumps(event, separators=(",", ":")))

    def subscribe(self, connection: object, number: int, send: Send) -> None:
        """A connection follows under a number of its own."""
        self._subscribers[connection, number] = send

    def unsubscribe(self, connection: object, number: int | None = None) -> bool:
        """A connection follows no longer, by one number or at all; False where it did not."""
        ended = [key for key in self._subscribers if key[0] is connection and number in (None, key[1])]
        for key in ended:
            del self._subscribers[key]
        return bool(ended)

    def start_key(self) -> str:
        """A listen key for an hour: the one that lives, or a new one."""
        now = self._clock.now_ms()
        key = next((key for key, ends in self._keys.items() if ends > now), None) or self._ids.token()
        self._keys[key] = now + _KEY_LIVES_MS
        return key

    def keep_key(self, key: str) -> bool:
        """Let a key live another hour; False where it does not live."""
        now = self._clock.now_ms()
        if self._keys.get(key, 0) <= now:
            return False
        self._keys[key] = now + _KEY_LIVES_MS
        return True

    def stop_key(self, key: str) -> bool:
        """End a key; False where it does not live."""
        return self._keys.pop(key, 0) > self._clock.now_ms()
