"""The doors: one command a file; parse, one call of the workflow, one face, an exit code."""

from flowdeck.cli.main import main

__all__ = ["main"]
