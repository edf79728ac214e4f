"""Where captions go. A sink is a context manager with one `append`."""
