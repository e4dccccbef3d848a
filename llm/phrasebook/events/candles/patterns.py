"""The candlestick patterns of the language by their names in English, and the side each points to."""

from __future__ import annotations

from dataclasses import replace

from llm.phrasebook.meaning.types import Condition, Formula
from llm.phrasebook.reading.phrases import Found

# name: (names in English, where it has two sides: True; else the direction it points to or None)
PATTERNS: dict[str, tuple[str, bool | str | None]] = {
    "abandoned_baby": ("abandoned baby", True),
    "advance_block": ("advance block", "short"),
    "belt_hold": ("belt hold; belthold", True),
    "breakaway": ("breakaway; breakaway pattern", True),
    "closing_marubozu": ("closing marubozu", True),
    "concealing_baby_swallow": ("concealing baby swallow", "long"),
    "counterattack": ("counterattack; counter attack", True),
    "dark_cloud_cover": ("dark cloud cover; dark cloud; dark clouds cover", "short"),
    "doji": ("doji; dojis; doji candle", None),
    "doji_star": ("doji star", True),
    "dragonfly_doji": ("dragonfly doji; dragonfly", "long"),
    "engulfing": (
        "engulfing; engulfing candle; engulfing bar; engulfing pattern; engulf; engulfs; engulfing candlestick",
        True,
    ),
    "evening_doji_star": ("evening doji star", "short"),
    "evening_star": ("evening star; evening stars", "short"),
    "gap_three_methods": ("gap three methods", True),
    "gravestone_doji": ("gravestone doji; gravestone", "short"),
    "hammer": ("hammer; hammers; hammer candle", "long"),
    "hanging_man": ("hanging man; hanging men", "short"),
    "harami": ("harami; haramis", True),
    "harami_cross": ("harami cross", True),
    "high_wave": ("high wave; high wave candle", True),
    "hikkake": ("hikkake; hikkake pattern", True),
    "hikkake_modified": ("modified hikkake; hikkake modified", True),
    "homing_pigeon": ("homing pigeon", "long"),
    "identical_three_crows": ("identical three crows; identical 3 crows", "short"),
    "in_neck": ("in neck; in neck line", "short"),
    "inverted_hammer": ("inverted hammer; inverse hammer; upside down hammer; inverted hammers", "long"),
    "kicking": ("kicking; kicker; kicking pattern", True),
    "kicking_by_length": ("kicking by length", True),
    "ladder_bottom": ("ladder bottom", "long"),
    "long_legged_doji": ("long legged doji", None),
    "long_line": ("long line; long line candle", True),
    "marubozu": ("marubozu; marubozus; marubozu candle", True),
    "mat_hold": ("mat hold", "long"),
    "matching_low": ("matching low; matching lows", "long"),
    "morning_doji_star": ("morning doji star", "long"),
    "morning_star": ("morning star; morning stars", "long"),
    "on_neck": ("on neck; on neck line", "short"),
    "piercing": ("piercing line; piercing pattern; piercing; piercing candle", "long"),
    "rickshaw_man": ("rickshaw man", None),
    "rising_falling_three_methods": ("three methods; 3 methods", True),
    "separating_lines": ("separating lines", True),
    "shooting_star": ("shooting star; shooting stars", "short"),
    "short_line": ("short line; short line candle", True),
    "side_by_side_white": ("side by side white lines; side by side white; side by side white candles", True),
    "spinning_top": ("spinning top; spinning tops", True),
    "stalled": ("stalled pattern; stalled; deliberation", "short"),
    "stick_sandwich": ("stick sandwich", "long"),
    "takuri": ("takuri; takuri line", "long"),
    "tasuki_gap": ("tasuki gap", True),
    "three_black_crows": ("three black crows; 3 black crows; three crows; 3 crows", "short"),
    "three_inside": ("three inside; 3 inside; three inside bar", True),
    "three_line_strike": ("three line strike; 3 line strike", True),
    "three_outside": ("three outside; 3 outside", True),
    "three_stars_in_the_south": ("three stars in the south; 3 stars in the south", "long"),
    "three_white_soldiers": (
        "three white soldiers; 3 white soldiers; white soldiers; three soldiers; 3 soldiers",
        "long",
    ),
    "thrusting": ("thrusting; thrusting line; thrusting pattern", "short"),
    "tristar": ("tristar; tri star", True),
    "two_crows": ("two crows; 2 crows", "short"),
    "unique_three_river": ("unique three river; unique 3 river; unique three river bottom", "long"),
    "upside_gap_two_crows": ("upside gap two crows; upside gap 2 crows", "short"),
}


# Names with a side of their own.
SIDED: dict[str, tuple[str, str]] = {
    "three inside up; 3 inside up": ("three_inside", "bullish"),
    "three inside down; 3 inside down": ("three_inside", "bearish"),
    "three outside up; 3 outside up": ("three_outside", "bullish"),
    "three outside down; 3 outside down": ("three_outside", "bearish"),
    "rising three methods; rising 3 methods": ("rising_falling_three_methods", "bullish"),
    "falling three methods; falling 3 methods": ("rising_falling_three_methods", "bearish"),
    "upside tasuki gap": ("tasuki_gap", "bullish"),
    "downside tasuki gap": ("tasuki_gap", "bearish"),
    "upside gap three methods; upside gap 3 methods": ("gap_three_methods", "bullish"),
    "downside gap three methods; downside gap 3 methods": ("gap_three_methods", "bearish"),
    "white marubozu; green marubozu": ("marubozu", "bullish"),
    "black marubozu; red marubozu": ("marubozu", "bearish"),
}


def _cdl(name: str, two_sided: bool, side: str, lean: str | None) -> Formula:
    member = f".{side}" if two_sided else ""
    words = f"{side} {name.replace('_', ' ')}" if two_sided else name.replace("_", " ")
    return Formula(
        f"{{p}}cdl.{name}(){member}",
        brief=words,
        lean="long" if lean == "long" else "short" if lean == "short" else None,
    )


def pattern(name: str, kind: bool | str | None) -> object:
    def make(m: Found) -> Condition | None:
        said = "bearish" if "bear" in m.values else "bullish" if "bull" in m.values else ""
        if kind is True:
            if not said:
                m.note(f"“{name.replace('_', ' ').capitalize()}” has two sides: the bullish one.")
            side = said or "bullish"
            found = _cdl(name, True, side, "long" if side == "bullish" else "short")
        else:
            colour = next((word for word in m.text.split() if word in ("green", "red")), "")
            if said and not colour and kind is not None and (said == "bullish") != (kind == "long"):
                return None
            found = _cdl(name, False, "", kind if isinstance(kind, str) else None)
            if colour:  # A hammer may be of either colour.
                text = f"{found.template} and {{p}}close {'>' if colour == 'green' else '<'} {{p}}open"
                found = replace(found, template=text, brief=f"{colour} {found.brief}")
        return found

    return make


def sided(name: str, side: str) -> object:
    def make(m: Found) -> Condition | None:
        return _cdl(name, True, side, "long" if side == "bullish" else "short")

    return make
