"""Every route of spot is asked in `test_spot_forms`, or listed as unchecked, here and in docs/simexchange.md."""

from __future__ import annotations

import re
from pathlib import Path

from simexchange.clock import VirtualClock
from simexchange.market import SyntheticMarket
from simexchange.server import Exchange
from tests.contract.spot_answers import PUBLIC, START

PAGE = Path(__file__).parents[2] / "docs" / "simexchange.md"

#: Requests about the account, asked in `test_spot_forms`: verb and path.
ACCOUNT = {
    "POST /api/v3/order",
    "POST /api/v3/order/test",
    "GET /api/v3/order",
    "DELETE /api/v3/order",
    "POST /api/v3/order/cancelReplace",
    "GET /api/v3/openOrders",
    "GET /api/v3/allOrders",
    "GET /api/v3/myTrades",
    "GET /api/v3/account",
    "GET /api/v3/account/commission",
    "GET /api/v3/rateLimit/order",
    "POST /api/v3/orderList/oco",
    "GET /api/v3/orderList",
    "DELETE /api/v3/orderList",
    "GET /api/v3/allOrderList",
    "GET /api/v3/openOrderList",
    # Recorded, and held against that alone.
    "GET /sapi/v1/capital/config/getall",
    "POST /api/v3/order/oco",
    "POST /api/v3/orderList/oto",
    "POST /api/v3/orderList/otoco",
    "PUT /api/v3/order/amend/keepPriority",
    "DELETE /api/v3/openOrders",
    "POST /api/v3/userDataStream",
    "GET /sapi/v1/system/status",
    "GET /sapi/v1/account/status",
    "GET /sapi/v1/asset/tradeFee",
    "POST /sapi/v3/asset/getUserAsset",
    "POST /sapi/v1/asset/transfer",
}
#: Served, and neither recorded nor written down; docs/simexchange.md lists them.
UNCHECKED = {
    "GET /api/v3/myPreventedMatches",
    "GET /api/v3/myAllocations",
    "PUT /api/v3/userDataStream",
    "DELETE /api/v3/userDataStream",
    "GET /sapi/v1/account/apiRestrictions",
    "GET /sapi/v1/margin/allPairs",
    "GET /sapi/v1/margin/isolated/allPairs",
    "GET /ws-api/v3",
}


def served() -> set[str]:
    """Routes of spot: verb and path."""
    application = Exchange(SyntheticMarket(7, 1), VirtualClock(START * 1000, 0.0))._runner.app
    routes = {(route.method, route.resource.canonical) for route in application.router.routes() if route.resource}
    return {
        f"{verb} {path}" for verb, path in routes if path.startswith(("/api/", "/sapi/", "/ws-api")) and verb != "HEAD"
    }


def test_what_is_served_is_checked_or_listed() -> None:
    checked = ACCOUNT | {f"GET /api/v3/{path.partition('?')[0]}" for path in PUBLIC}
    assert checked | UNCHECKED == served()
    assert not checked & UNCHECKED
    text = PAGE.read_text(encoding="utf-8")
    block = re.search(r"<!-- unchecked -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert block is not None
    assert set(re.findall(r"`((?:GET|POST|PUT|DELETE) [^`]+)`", block[1])) == UNCHECKED
