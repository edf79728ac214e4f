"""The demo: a recording becomes captions, straight through a provider's outage.

It uses the programs a user would: the simulated providers and the gateway run as
processes of their own, the camera calls the gateway over HTTP.
"""

from heliograph.demo.play import run

__all__ = ["run"]
