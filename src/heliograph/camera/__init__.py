"""From events to captions; reaches the gateway over HTTP only."""
