"""Versioned prompt templates, read through `llm.prompts`. This package holds data only."""
