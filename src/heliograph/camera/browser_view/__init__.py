"""A watch in a browser, for a box without a screen: `heliograph watch --view`."""

from heliograph.camera.browser_view.screen import BrowserScreen, Place

__all__ = ["BrowserScreen", "Place"]
