"""Arguments of a use: order, names, bounds, and equal uses that are equal nodes. Hostile ones are refused in words."""

import subprocess
import sys

import pytest

from screener import FilterError, compile_filter
from screener.external.catalogue import EXTERNALS, check, node_params
from screener.external.model import arguments_json, arguments_of

FISHER = EXTERNALS["fisher"]


def use(text: str) -> tuple[object, ...]:
    """The params of the one external node that `ta.{text}` makes."""
    program = compile_filter(f"match = ta.{text} > 0", "1h")
    return next(n.params for n in program.nodes if n.op == "external")


def said(text: str) -> str:
    """What the compiler says of `ta.{text}`."""
    with pytest.raises(FilterError) as refused:
        compile_filter(f"match = ta.{text} > 0", "1h")
    return "; ".join(str(d) for d in refused.value.diagnostics)


def test_defaults_are_filled_in_and_order_is_the_librarys() -> None:
    assert use("fisher().signal") == ("fisher:signal", "1h", "", '{"length":9,"signal":1}')
    assert use("fisher(12, signal=3).signal") == ("fisher:signal", "1h", "", '{"length":12,"signal":3}')
    assert use("dpo(20, False)") == ("dpo:", "1h", "", '{"centered":false,"length":20}')


def test_equal_uses_are_equal_nodes() -> None:
    assert use("fisher(9.0).signal") == use("fisher(signal=1, length=9).signal")
    assert use("bop(2)") == use("bop(2.0)") == ("bop:", "1h", "", '{"scalar":2.0}')
    with pytest.raises(KeyError):
        node_params(FISHER, "nothing", {}, "1h", "")


def test_text_and_arguments_go_both_ways() -> None:
    bound = EXTERNALS["dpo"].defaults
    assert arguments_of(arguments_json(bound)) == bound
    for text in ("[1]", '{"length":"9"}', "3"):
        with pytest.raises(ValueError, match="not arguments"):
            arguments_of(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("0", "'length' of ta.fisher must be at least 1"),
        ("-3", "must be at least 1"),
        ("501", "may be at most 500"),
        ("10**30", "may be at most 500"),
        ("2.5", "must be a whole number"),
        ("1e999", "the number is too large"),
        ("True", "must be a number, not a condition"),
        ('"9"', "a text stands alone"),
        ("None", "there is no None"),
        ("close", "must be a whole constant number"),
        ("9, length=9", "'length' is given twice; write ta.fisher(length=9, signal=1)"),
        ("9, 1, 0", "ta.fisher takes at most 2 arguments; write ta.fisher(length=9, signal=1)"),
        ("offset=-5", "ta.fisher has no argument 'offset'; write ta.fisher(length=9, signal=1)"),
        ("fillna=0", "ta.fisher has no argument 'fillna'"),
        ("talib=True", "ta.fisher has no argument 'talib'"),
        ("period=9", "ta.fisher has no argument 'period'; did you mean 'length'?"),
        ("lenght=9", "ta.fisher has no argument 'lenght'; did you mean 'length'?"),
        ("signal=0", "'signal' of ta.fisher must be at least 1"),
    ],
)
def test_a_wrong_argument_is_named(arguments: str, message: str) -> None:
    assert message in said(f"fisher({arguments}).signal")


def test_a_switch_takes_a_boolean_and_a_name_without_arguments_takes_none() -> None:
    assert "'centered' of ta.dpo must be True or False" in said("dpo(20, 0)")
    assert "ta.wcp takes no arguments" in said("wcp(3)")


def test_no_argument_shifts_fills_plots_or_names_a_function() -> None:
    barred = {"offset", "fillna", "fill_method", "talib", "mamode", "kind", "mode", "name", "source", "lookahead"}
    assert not barred & {argument.name for external in EXTERNALS.values() for argument in external.arguments}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("fisher", {"length": 500, "signal": 500}),
        ("kst", {"roc4": 500, "sma4": 500, "signal": 500}),
        ("mmar", {"length": 400}),
        ("pwma", {"length": 300}),
        ("t3", {"length": 300}),
        ("variance", {"length": 2}),
        ("jma", {"length": 2, "phase": -100.0}),
        ("ssf", {"length": 1, "poles": 3}),
    ],
)
def test_other_arguments_are_tried_and_fine(name: str, given: dict[str, float]) -> None:
    assert check(name, {**EXTERNALS[name].defaults, **given}) is None


def test_arguments_that_give_nothing_are_refused() -> None:
    said = check("squeeze_pro", {**EXTERNALS["squeeze_pro"].defaults, "kc_scalar_wide": 0.5})
    assert said is not None and "gives no value" in said


def test_the_library_is_not_imported_before_it_is_used() -> None:
    code = (
        "import sys; from screener.external.catalogue import EXTERNALS, check; import screener.external.compute;"
        "assert check('fisher', EXTERNALS['fisher'].defaults) is None;"
        "print('pandas_ta_classic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
