"""The word lists of breakouts, pullbacks and squeezes: named in templates as `<name>`, phrases separated by
semicolons."""

WORDS: dict[str, str] = {
    "subject": "price; close; it; coin; candle; px; closes; the price; closing; the close; market; who; that",
    "breaks": """
        breaks; break; broke; breaking; broken; breaks out; break out; breaking out; broke out; rips; ripped; ripping;
        smashes; smashed; blasts; pushes; pushed; pushing; clears; cleared; clearing; takes out; took out; taking out;
        busts; busted; bursts; bursting; exceeds; surpasses; punches; trades; trading; closes; closed; close; closing;
        is; goes; moves; went; explodes; pops; popping; popped; shoots; thrusts; crosses; crossed; crossing; rises;
        rising; climbs; surges; jumps; runs; ran; sweeps; gets; has broken; has broken out; slices; sliced; powers;
        flies""",
    "breaksdown": """
        breaks; break; broke; breaking; broken; breaks down; break down; breaking down; broke down; falls; fell;
        drops; dropped; slips; slides; closes; closed; close; closing; is; goes; loses; lost; losing; crashes; dumps;
        cracks; trades; trading; smashes; slices; sinks; crosses; crossed; moves; gets; has broken; takes out; took
        out; breaches; rolls; collapses; plunges; tumbles; has broken down; dips""",
    "bare": """
        breaks; break; broke; breaking; clears; cleared; takes out; took out; surpasses; exceeds; smashes; tops;
        topped; busts; overtakes; has broken; breaks out of; breakout of; break of; breakout from; break out of;
        breaking out of; broke out of; breaches; has cleared; clearing; taking out; breaking""",
    "up": """
        above; over; through; past; beyond; up through; out above; out over; above the; to above; up over; back above;
        out of; higher than; up above; on the upside of; to the upside of; upwards through; from; back over""",
    "down": """
        below; under; through; beneath; past; down through; out below; down below; back below; lower than; underneath;
        down out of; out of; from; back under""",
    "breakout": """
        breakout; breakouts; break out; breaks out; breaking out; broke out; upside breakout; bullish breakout; break
        to the upside; breaks to the upside; price breakout; range breakout; range expansion up; breaks out to the
        upside; breakout to the upside; has broken out; breaks upward""",
    "breakdown": """
        breakdown; breakdowns; break down; breaks down; breaking down; broke down; downside breakout; bearish
        breakout; break to the downside; breaks to the downside; range breakdown; breaks out to the downside; breakout
        to the downside; has broken down; breaks downward; breakout down""",
    "new": """
        new; fresh; makes a new; make a new; making a new; hits a new; sets a new; at a new; reaches a new; prints a
        new; made a new; making new; makes new; hits new; hitting new; sets new; prints new; at new; makes; hits;
        reaches; at; sets; prints; made; posts; posts a new; printing a new; is at a; at a; hits a; makes a; sets a;
        reaches a; making; hitting; records a new; closes at a new; closes at a; closing at a; closes at""",
    "of": """
        of; in; over; from; within; during; for; of the; in the; over the; within the; during the; for the; since;
        across the""",
    "past": "last; past; previous; prior; preceding; most recent; recent; trailing",
    "fake": """
        false breakout; failed breakout; fakeout; fake out; bull trap; fake breakout; upthrust; failed break; swing
        failure high; false break; liquidity grab above; liquidity sweep above; sweeps the highs; sweep of the highs;
        stop hunt above; sweep of highs; deviation above""",
    "fakedown": """
        false breakdown; failed breakdown; bear trap; fake breakdown; spring; stop hunt; liquidity sweep; sweep of the
        lows; sweeps the lows; swing failure low; sweep of lows; liquidity grab; liquidity grab below; liquidity sweep
        below; stop hunt below; shakeout; deviation below""",
    "pull": """
        pulls back to; pulled back to; pullback to; pull back to; pulling back to; pulls back to touch; pullback into;
        pulls back into; retraces to; retraced to; comes back to; came back to; dips to; dipped to; dip to; dips into;
        dip into; bounces off; bounces from; bounced off; bounce off; bounce from; bouncing off; bouncing from; finds
        support at; holds; held at; retests; retest of; retested; retesting; returns to; drops back to; falls back to;
        chilled back to; chills back to; bounces at; back to touch; pulls back and touches; tests; tested; holding;
        taps and holds; tags and holds; touches and holds; bounced from; bounced at; respects; kisses; kissed; wicks
        below and closes above; wicks through and closes above; dips below and closes above; dips below but closes
        above; dips under and closes above; dips under but closes above; wicks below but closes above; pulls back
        toward; pulls back towards; comes back down to; pullback to touch; pull back to touch; supported by; support
        at; found support at; bounces on""",
    "reject": """
        rejected at; rejected by; rejected from; rejects at; rejects; gets rejected at; rejection at; rejection from;
        rejection of; fails at; failed at; turned away at; turned down at; rallies into; rejects from; is rejected by;
        is rejected at; got rejected at; wicks above and closes below; wicks above but closes below; pokes above and
        closes below; resistance at; runs into; rejection off; rejecting; rallies back to; pulls up to; stalls at;
        retests from below; finds resistance at; bounces down from; fails to hold""",
    "squeeze": """
        squeeze; ttm squeeze; volatility squeeze; squeeze indicator; lazybear squeeze; the squeeze; squeezes; squeeze
        momentum; keltner squeeze""",
    "fires": """
        fires; fired; firing; releases; released; releasing; release; ends; ended; off; just fired; breakout; breaks;
        break; broke; pops; popped; exit; exits; has fired; has ended; has released; goes off; went off; let go; lets
        go; over; just ended; turns off; turned off; is released; resolves; just released; fires off; is over; has
        just fired; is fired; triggers; triggered; unwinds""",
    "on": """
        on; is on; active; is active; in play; building; has been on; was on; is building; stays on; forming; has been
        active; remains on; persists""",
    "direction": """
        long; up; upside; bullish; upward; upwards; short; down; downside; bearish; downward; downwards; to the
        upside; to the downside""",
    "momentum": """
        momentum; squeeze momentum; squeeze histogram; squeeze value; momentum of the squeeze; squeeze's momentum;
        momentum histogram""",
    "bands": """
        bollinger bands; bollinger band; bbands; bb; bollingers; bollinger; bands; band width; bollinger band width;
        bollinger width; bb width; bandwidth; bollinger bandwidth; bollinger bands width; width of the bollinger
        bands; width of the bands; bbw; bb bandwidth""",
    "narrow": """
        tightest; narrowest; lowest; smallest; tightest they have been; squeezed; as tight as they have been; at their
        tightest; at its lowest; at its narrowest; at their narrowest; at its tightest; the tightest;
        most compressed""",
    "kc": "keltner channels; keltner channel; keltner; keltners; kc; keltner bands; keltner's channel",
}
