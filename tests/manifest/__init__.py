"""Tests of the manifest room: from text to wanted flows."""
