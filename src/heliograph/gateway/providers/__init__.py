"""Providers as data: where each one is, how its key travels, what it does not take."""
