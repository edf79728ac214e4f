"""Configuration: a YAML file or the environment, read into a frozen `Config`.

This room knows no provider: the endpoints are handed in. It is the only one that
reads a configuration file or the environment.
"""

from heliograph.gateway.config.environment import (
    from_environment,
    process_environment,
    unusable_variables,
)
from heliograph.gateway.config.file import read_data, read_file
from heliograph.gateway.config.ledger_alone import keeping_of
from heliograph.gateway.config.place import fault_of_variable
from heliograph.gateway.config.prices_file import prices_path
from heliograph.gateway.config.reading import read_text
from heliograph.gateway.config.summary import summary
from heliograph.yaml_reading.keys import fault_of_secret
from heliograph.yaml_reading.problems import Problem, render_problems
from heliograph.yaml_reading.text_file import read_bytes

__all__ = [
    "Problem",
    "fault_of_secret",
    "fault_of_variable",
    "from_environment",
    "keeping_of",
    "prices_path",
    "process_environment",
    "read_bytes",
    "read_data",
    "read_file",
    "read_text",
    "render_problems",
    "summary",
    "unusable_variables",
]
