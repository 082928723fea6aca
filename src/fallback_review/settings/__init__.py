"""The settings file: schema, types and policy."""
