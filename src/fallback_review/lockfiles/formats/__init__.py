"""The formats of lockfiles: one module a format."""
