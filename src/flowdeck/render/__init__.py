"""Faces: how plans, results and diagnostics are shown. They never decide and never fetch."""
