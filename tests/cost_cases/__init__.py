"""Calls with a cost that was worked out by hand, from the vendors' price pages."""

from cost_cases import anthropic, openai, others, pictures
from cost_cases.case import Case

CASES: list[Case] = [
    *openai.CASES,
    *anthropic.CASES,
    *others.CASES,
    *pictures.CASES,
]
