"""Simulated providers: one server that speaks the real wire formats and misbehaves.

They stand in for OpenAI, Anthropic and Gemini in tests, the demo, drills and
benchmarks. They know no model: an answer is computed from the request alone, and
always says that it is simulated.
"""

from heliograph.simulation.providers.journal import Seen
from heliograph.simulation.providers.rules import Fault, Rule, Script, When
from heliograph.simulation.providers.script import ScriptError, load_script
from heliograph.simulation.providers.server import SimulatedProviders, run, serve

__all__ = [
    "Fault",
    "Rule",
    "Script",
    "ScriptError",
    "Seen",
    "SimulatedProviders",
    "When",
    "load_script",
    "run",
    "serve",
]
