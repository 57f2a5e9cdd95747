"""Text to desired flows: finds, reads, merges and checks manifests; touches files only."""

from flowdeck.manifest.editor_schema import json_schema
from flowdeck.manifest.language import checked
from flowdeck.manifest.loader import find, load, named, read

__all__ = ["checked", "find", "json_schema", "load", "named", "read"]
