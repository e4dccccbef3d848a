"""From a signal to a decision that has been checked: snapshot, levels, decision, grounding."""
