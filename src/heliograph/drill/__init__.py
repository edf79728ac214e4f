"""Drills: an outage played against the user's own config, in fast time.

The gateway and its server are the real ones; the providers are simulated, and all of
it lives on one virtual clock, so that hours take seconds.
"""

from heliograph.drill.command import run

__all__ = ["run"]
