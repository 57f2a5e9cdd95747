"""The values of a definition: paths, expressions and parameters, and what they read of a run's state."""
