"""From a filter's text to its program: parsing, checking, hints, conditions, readings."""
