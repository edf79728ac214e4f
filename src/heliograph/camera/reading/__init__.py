"""Recordings in, packets out: one file a format, all of them behind `open`."""
