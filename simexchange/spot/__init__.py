"""Signed spot endpoints, order lists, and user data over the WebSocket API."""
