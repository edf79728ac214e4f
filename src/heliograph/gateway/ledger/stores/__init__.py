"""The databases a ledger can be kept in, one a module."""
