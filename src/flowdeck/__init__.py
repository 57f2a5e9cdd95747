"""flowdeck: infrastructure as code for Globus Flows."""

__version__ = "0.1.0"
