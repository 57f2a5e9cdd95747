"""The rules of the flow language: one function, one code, one entry in docs/rules."""
