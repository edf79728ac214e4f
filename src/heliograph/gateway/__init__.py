"""One OpenAI-compatible endpoint in front of many providers."""
