"""Boxes found on a surface."""
