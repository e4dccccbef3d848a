"""Faults on purpose: what a real exchange and a real network do on a bad day."""
