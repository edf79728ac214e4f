"""The door: the fast lane for the hot paths, Starlette for the rest."""
