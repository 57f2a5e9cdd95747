"""Nouns: the frozen values that pass through flowdeck's doors; nothing here reads, writes or decides."""
