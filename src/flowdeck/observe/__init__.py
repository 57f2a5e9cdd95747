"""Look at the service through a Reader: which live flow is whose, and may we administer it."""

from flowdeck.observe.observe import adoptable, observe

__all__ = ["adoptable", "observe"]
