"""Binance's error codes and messages, as its public API documentation gives them."""

from __future__ import annotations


class ExchangeError(Exception):
    """An error answer: `{"code": code, "msg": message}` with an HTTP status."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


def invalid_symbol() -> ExchangeError:
    """-1121: no such symbol."""
    return ExchangeError(-1121, "Invalid symbol.")


def invalid_interval() -> ExchangeError:
    """-1120: no such candle interval."""
    return ExchangeError(-1120, "Invalid interval.")


def illegal_characters(name: str, legal: str) -> ExchangeError:
    """-1100: a parameter that is not of its form."""
    return ExchangeError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def duplicate_parameter() -> ExchangeError:
    """-1101: a parameter sent twice."""
    return ExchangeError(-1101, "Duplicate values for a parameter detected.")


def missing_parameter(name: str) -> ExchangeError:
    """-1102: a mandatory parameter left out or empty."""
    return ExchangeError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def unread_parameters(read: int, sent: int) -> ExchangeError:
    """-1104: parameters that the endpoint does not have."""
    return ExchangeError(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")


def bad_combination() -> ExchangeError:
    """-1128: parameters that exclude each other."""
    return ExchangeError(-1128, "Combination of optional parameters invalid.")


def bad_value(name: str) -> ExchangeError:
    """-1130: a value outside what the endpoint takes."""
    return ExchangeError(-1130, f"Data sent for parameter '{name}' is not valid.")


def too_much_weight(limit: int) -> ExchangeError:
    """-1003: more request weight in a minute than allowed."""
    return ExchangeError(
        -1003,
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API.",
        status=429,
    )


def unknown_path() -> ExchangeError:
    """An address this exchange does not serve."""
    return ExchangeError(-1000, "Path not found.", status=404)


def too_many_requests() -> ExchangeError:
    """-1003 with 429: refused for now, whatever the weight."""
    return ExchangeError(
        -1003,
        "Too many requests. Please use WebSocket Streams for live updates to avoid polling the API.",
        status=429,
    )


def banned(until_ms: int) -> ExchangeError:
    """-1003 with 418: the address is banned until a moment (ms UTC of exchange time)."""
    return ExchangeError(
        -1003,
        f"Way too much request weight used; IP banned until {until_ms}. "
        "Please use WebSocket Streams for live updates to avoid bans.",
        status=418,
    )


def unavailable(status: int) -> ExchangeError:
    """-1001: the exchange failed inside."""
    return ExchangeError(-1001, "Internal error; unable to process your request. Please try again.", status=status)


def timed_out() -> ExchangeError:
    """-1007: whether the request was carried out is not known."""
    return ExchangeError(
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        status=504,
    )


def empty_parameter(name: str) -> ExchangeError:
    """-1105: a parameter without a value."""
    return ExchangeError(-1105, f"Parameter '{name}' was empty.")


def one_of_two(first: str, second: str) -> ExchangeError:
    """-1102: neither of two parameters sent of which one is needed."""
    return ExchangeError(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def invalid_ticker_type() -> ExchangeError:
    """-1139: neither FULL nor MINI."""
    return ExchangeError(-1139, "Invalid ticker type.")


def duplicate_symbols() -> ExchangeError:
    """-1151: a symbol more than once."""
    return ExchangeError(-1151, "Symbol is present multiple times in the list.")


def invalid_status() -> ExchangeError:
    """-1122: a status that symbols cannot be asked by."""
    return ExchangeError(-1122, "Invalid symbolStatus.")


def other_status() -> ExchangeError:
    """-1220: the symbol has another status than asked for."""
    return ExchangeError(-1220, "The symbol's status does not match the requested symbolStatus.")


def too_long() -> ExchangeError:
    """-1127: a time range longer than the endpoint takes."""
    return ExchangeError(-1127, "Lookup interval is too big.")


def too_many_connections(limit: int, window: str) -> ExchangeError:
    """-1034: more attempts to connect than allowed."""
    return ExchangeError(
        -1034, f"Too many connection attempts from IP; current limit is {limit} per '{window}'.", status=429
    )


def too_many_symbols(most: int) -> ExchangeError:
    """-1101: more symbols than the endpoint takes."""
    return ExchangeError(-1101, f"Too many parameters; expected '{most}' and received more symbols.")
