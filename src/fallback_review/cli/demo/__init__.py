"""The whole loop on an embedded index, without credentials."""
