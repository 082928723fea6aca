"""Asking simple indexes: session, credentials, project details, tiers."""
