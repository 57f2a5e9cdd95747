"""The sentence: load, observe, plan, apply. The only rooms that know all others; they decide nothing about flows."""
