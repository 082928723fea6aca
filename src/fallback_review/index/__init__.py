"""Asking simple indexes: session, credentials, project details, tiers."""

from fallback_review.index.client import IndexClient
from fallback_review.index.credentials import Credentials, credentials_for
from fallback_review.index.http import Limits
from fallback_review.index.origins import origin_of

__all__ = ["Credentials", "IndexClient", "Limits", "credentials_for", "origin_of"]
