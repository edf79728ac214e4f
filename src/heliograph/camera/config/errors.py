"""What is raised for a setting that cannot be used."""


class SettingError(ValueError):
    """A setting that cannot be used; the message says which and what would do."""
