"""Look at the service through a Reader: which live flow is whose, and may we administer it."""

from flowdeck.observe.observe import observe
from flowdeck.observe.people import resolve

__all__ = ["observe", "resolve"]
