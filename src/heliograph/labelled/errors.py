"""What can be wrong with labels. Each message says what, where and the fix."""


class LabelError(Exception):
    """Labels that cannot be read, or that do not belong to their recording."""
