"""What the operator is told and may change: a JSON API, and the page that uses it.

It knows nothing of the door for callers, which virtual keys open: here nobody comes in
but by the admin key, or by a session that was begun with it.
"""

PREFIX = "/admin"
