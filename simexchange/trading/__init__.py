"""What spot and futures trading share: signatures, filters, balances, ids, matching."""
