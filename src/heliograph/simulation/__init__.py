"""Stand-ins for what a test, a demo or a benchmark cannot have: clouds and cameras."""
