"""Pictures reckoned from events by a network of the user's own."""
