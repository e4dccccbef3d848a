"""Values of external indicators: never from the future, never an exception, unknown where candles are missing."""

import json
import random
import threading

import numpy as np
import pytest

from screener.external import compute
from screener.external.catalogue import EXTERNALS
from screener.external.compute import external_panels, external_values, timings
from screener.external.model import arguments_json
from screener.external.rows_more import ROWS
from screener.external.trials import extended, market, part

_SEED = random.SystemRandom().randrange(1_000_000)
_USABLE = sorted(name for name, external in EXTERNALS.items() if external.usable)


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    scale = np.nanmedian(np.abs(a)) if not np.all(np.isnan(a)) else 1.0
    return bool(np.array_equal(np.isnan(a), np.isnan(b)) and np.allclose(a, b, 1e-9, 1e-9 * scale, equal_nan=True))


@pytest.mark.parametrize("name", _USABLE)
def test_no_value_changes_when_candles_are_appended(name: str) -> None:
    rng = np.random.default_rng([_SEED, _USABLE.index(name)])
    candles = market(int(rng.integers(1 << 30)), 400, price=float(rng.choice([3e-5, 0.7, 120.0, 5e4])))
    external = EXTERNALS[name]
    whole = external_values(name, external.defaults, candles)
    assert set(whole) == set(external.outputs or ("",))
    strange = external_values(name, external.defaults, extended(candles))
    for cut in (int(rng.integers(1, 120)), int(rng.integers(120, 399))):
        prefix = external_values(name, external.defaults, part(candles, 0, cut))
        for output, values in prefix.items():
            assert _equal(whole[output][:cut], values), (_SEED, output, cut)
    for output, values in whole.items():
        assert values.shape == (400,)
        assert not np.isinf(values).any()
        assert _equal(strange[output][:400], values), (_SEED, output)
        # One that is never known would pass the rest; eom and the like are silent where no volume trades.
        assert np.isfinite(values).sum() > 50, (_SEED, output)


def test_warm_up_tells_when_the_beginning_no_longer_matters() -> None:
    candles = market(_SEED, 900)
    for name in random.Random(_SEED).sample(_USABLE, 20):
        external = EXTERNALS[name]
        # Data of another market need a little longer than those that were measured.
        if external.warmup is None or external.warmup > 250:
            continue
        whole = external_values(name, external.defaults, candles)
        late = external_values(name, external.defaults, part(candles, 300))
        for output, values in late.items():
            a, b = whole[output][-100:], values[-100:]
            scale = np.nanmedian(np.abs(whole[output]))
            assert np.mean(~np.isclose(a, b, 1e-5, 1e-5 * scale, equal_nan=True)) < 0.02, (name, output, _SEED)


def test_dpo_with_its_centring_off_is_the_price_against_a_past_average() -> None:
    candles = market(1, 120)
    values = external_values("dpo", {"length": 20, "centered": False}, candles)[""]
    close = candles["close"]
    for at in (40, 77, 119):
        assert values[at] == pytest.approx(close[at] - close[at - 11 - 19 : at - 11 + 1].mean())
    assert np.isnan(values[:30]).all()


def test_known_numbers() -> None:
    candles = market(2, 90)
    close, high, low = candles["close"], candles["high"], candles["low"]
    wcp = external_values("wcp", {}, candles)[""]
    assert wcp == pytest.approx((high + low + 2 * close) / 4)
    median = external_values("median", {"length": 5}, candles)[""]
    assert median[60] == np.median(close[56:61])
    assert np.isnan(median[:4]).all() and median[4] == np.median(close[:5])
    rising = external_values("increasing", EXTERNALS["increasing"].defaults, candles)[""]
    assert np.isnan(rising[0])
    assert list(rising[1:]) == list((close[1:] > close[:-1]).astype(float))


def test_a_flag_is_unknown_before_its_window_is_full() -> None:
    values = external_values("increasing", {**EXTERNALS["increasing"].defaults, "length": 10}, market(3, 80))[""]
    assert np.isnan(values[:10]).all()
    assert set(values[10:]) == {0.0, 1.0}


def test_missing_candles_are_left_out_and_unknown() -> None:
    candles = market(4, 300)
    holes = np.zeros(300, dtype=bool)
    holes[:20] = holes[100:103] = holes[299] = True
    torn = {name: np.where(holes, np.nan, values) for name, values in candles.items()}
    torn["low"][150] = np.nan
    holes[150] = True
    for name in ("aberration", "pvt", "kdj"):
        external = EXTERNALS[name]
        used = holes.copy()
        if "low" not in external.fields:
            used[150] = False
        dense = external_values(name, external.defaults, {k: v[~used] for k, v in torn.items()})
        for output, values in external_values(name, external.defaults, torn).items():
            assert np.isnan(values[used]).all()
            assert np.array_equal(values[~used], dense[output], equal_nan=True)


@pytest.mark.parametrize("kind", ["none", "one", "unknown", "zero", "still", "huge", "negative", "infinite"])
def test_no_data_raises(kind: str) -> None:
    fields = ("open", "high", "low", "close", "volume")
    size = {"none": 0, "one": 1}.get(kind, 120)
    value = {"unknown": np.nan, "zero": 0.0, "still": 7.0, "huge": 1e300, "negative": -5.0, "infinite": np.inf}
    candles = {field: np.full(size, value.get(kind, 3.0)) for field in fields}
    if kind == "still":
        candles["volume"][:] = 0.0
    for name in _USABLE:
        for values in external_values(name, EXTERNALS[name].defaults, candles).values():
            assert values.shape == (size,)
            assert not np.isinf(values).any()
            if kind in ("unknown", "infinite"):
                assert np.isnan(values).all()


def test_a_function_that_fails_gives_unknown_values(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise MemoryError("no")

    monkeypatch.setattr("screener.external.library._function", lambda name: broken)
    assert np.isnan(external_values("fisher", EXTERNALS["fisher"].defaults, market(5, 50))["fisher"]).all()


def test_candles_are_not_written_to() -> None:
    candles = market(6, 200)
    before = {name: values.copy() for name, values in candles.items()}
    for values in candles.values():
        values.setflags(write=False)
    for name in _USABLE:
        external_values(name, EXTERNALS[name].defaults, candles)
    assert all(np.array_equal(before[name], candles[name]) for name in before)


def test_a_panel_is_its_symbols_one_by_one() -> None:
    markets = [market(seed, 150) for seed in (7, 8, 9)]
    markets[1] = {name: np.concatenate((np.full(60, np.nan), values[60:])) for name, values in markets[1].items()}
    fields = {name: np.column_stack([m[name] for m in markets]) for name in markets[0]}
    arguments = {"length": 12, "signal": 3}
    text = arguments_json(arguments)
    found = external_panels("kdj", ("k", "j"), text, fields)
    for at, candles in enumerate(markets):
        single = external_values("kdj", arguments, candles)
        for output in ("k", "j"):
            assert np.array_equal(found[output][:, at], single[output], equal_nan=True)
    assert np.array_equal(external_panels("kdj", ("j",), text, fields)["j"], found["j"], equal_nan=True)
    assert np.isnan(found["k"][:60, 1]).all() and np.isfinite(found["k"][80:, 1]).all()


def test_a_panel_without_symbols_or_candles_is_empty() -> None:
    text = arguments_json(EXTERNALS["kdj"].defaults)
    for shape in ((0, 3), (40, 0)):
        fields = {name: np.empty(shape) for name in ("high", "low", "close")}
        assert external_panels("kdj", ("k",), text, fields)["k"].shape == shape


def test_calls_are_timed() -> None:
    before = timings().get("wcp", compute.Timing())
    external_values("wcp", {}, market(10, 100))
    after = timings()["wcp"]
    assert after.calls == before.calls + 1
    assert after.seconds > before.seconds
    assert after.slowest > 0.0


def test_threads_do_not_disturb_each_other() -> None:
    candles = market(11, 200)
    expected = external_values("fisher", EXTERNALS["fisher"].defaults, candles)["fisher"]
    wrong: list[int] = []

    def work() -> None:
        for at in range(10):
            values = external_values("fisher", EXTERNALS["fisher"].defaults, candles)["fisher"]
            if not np.array_equal(values, expected, equal_nan=True):
                wrong.append(at)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_every_row_answers_with_its_stored_arguments_as_text() -> None:
    for name in random.Random(_SEED).sample(sorted(ROWS), 10):
        text = arguments_json(EXTERNALS[name].defaults)
        assert json.loads(text) == EXTERNALS[name].defaults
