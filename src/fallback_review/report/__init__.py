"""Renderings of a `Review`: terminal, Markdown, JSON, HTML."""
