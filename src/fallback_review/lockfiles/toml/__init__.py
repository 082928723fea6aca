"""What lockfiles written in TOML have in common."""
