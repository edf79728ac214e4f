"""What is remembered: every exchange, what it cost, who is owed for it."""
