"""YAML files read so that each mistake is told with its line, its key and the fix.

Both halves and the drills read their files with it; it knows none of their keys.
"""
