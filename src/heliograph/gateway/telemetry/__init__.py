"""What operators read: metrics and one log line an exchange, both from the record."""
