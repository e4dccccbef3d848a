"""The comparison of schemas sees what differs, and nothing else."""

from __future__ import annotations

from tests.contract.schemas import LOOSE, differences, written
from tests.contract.spot_forms import check


def test_a_difference_is_seen() -> None:
    assert not differences({"a": "1.00000000", "b": [1]}, {"a": "2.00000000", "b": [5, 6]})
    assert differences({"a": "1.0"}, {"a": "1.00000000"}) and not differences({"a": "1.0"}, {"a": "x"}, alike=LOOSE)
    assert differences({"a": 1}, {}) and not differences({"a": 1}, {}, {"a"})
    assert differences({}, {"a": 1}) and not differences({}, {"a": 1}, (), {"a"})
    assert differences([[1, "2.0"]], [[1, 2]])
    assert not written("x", "a:n b?:t", {"a": 1}) and written("x", "a:n", {"a": "1"})
    assert written("x", "a:n", {}) and written("x", "a:n", {"a": 1, "c": 2}) and written("x", "a:e", {"a": "1.0"})
    assert list(check("x", "trade[]", [])) and list(check("x", "level", ["1.00000000", "1"]))
