"""Input schemas: what makes one sound, what it takes, and whether another takes the same."""
