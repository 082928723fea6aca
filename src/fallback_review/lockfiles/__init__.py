"""Reading lockfiles: text in, locked packages out. One module a format."""
