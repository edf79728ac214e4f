"""Heliograph: an LLM gateway and its first user, an event-camera captioner.

The two halves never import each other: `heliograph.camera` reaches
`heliograph.gateway` over HTTP, as any client would.
"""

__version__ = "0.1.0"
