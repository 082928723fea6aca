"""The words and signs of the reports, in one place."""

from __future__ import annotations

from fallback_review.model import Conclusion, Outcome

ICONS: dict[Outcome, str] = {
    Outcome.INSTALL_FAILS: "🔴",
    Outcome.UNKNOWN: "⚪",
    Outcome.PYPI: "🟠",
    Outcome.UPSTREAM: "🟡",
    Outcome.DIRECT: "🔵",
    Outcome.PRIVATE: "🔵",
    Outcome.REMEDIATED: "🟢",
    Outcome.CHAINGUARD: "🟢",
}
"""Where a package comes from, beside the words for it (`COMES_FROM`)."""
NOTHING_ICON = "⚫"
"""Of a change that installs nothing."""
SAME_AS_ABOVE = "same as the package above"
MALWARE_ICON = "⛔"
"""Instead of the outcome's, where an index blocks a package as malware: wherever it comes from."""

COMES_FROM: dict[Outcome, str] = {
    Outcome.INSTALL_FAILS: "does not install",
    Outcome.UNKNOWN: "could not be checked",
    Outcome.PYPI: "PyPI",
    Outcome.UPSTREAM: "PyPI's file, served by Chainguard, not rebuilt",
    Outcome.DIRECT: "not from an index",
    Outcome.PRIVATE: "a private index",
    Outcome.REMEDIATED: "Chainguard, remediated",
    Outcome.CHAINGUARD: "Chainguard",
}
"""What stands beside the icon of one package."""

COLORS: dict[Outcome, str] = {
    Outcome.INSTALL_FAILS: "#ff8182",
    Outcome.UNKNOWN: "#afb8c1",
    Outcome.PYPI: "#fb8f44",
    Outcome.UPSTREAM: "#eac54f",
    Outcome.DIRECT: "#54aeff",
    Outcome.PRIVATE: "#b6e3ff",
    Outcome.REMEDIATED: "#aceebb",
    Outcome.CHAINGUARD: "#4ac26b",
}
"""Those of the icons, light enough for dark text upon them and told apart by lightness too."""

SAYS: dict[Outcome, tuple[str, str]] = {
    Outcome.INSTALL_FAILS: ("does not install", "do not install"),
    Outcome.UNKNOWN: ("could not be checked", "could not be checked"),
    Outcome.PYPI: ("comes from PyPI", "come from PyPI"),
    Outcome.UPSTREAM: (
        "is PyPI's file, served by Chainguard, not rebuilt",
        "are PyPI's files, served by Chainguard, not rebuilt",
    ),
    Outcome.DIRECT: ("does not come from an index", "do not come from an index"),
    Outcome.PRIVATE: ("comes from a private index", "come from a private index"),
    Outcome.REMEDIATED: ("is remediated by Chainguard", "are remediated by Chainguard"),
    Outcome.CHAINGUARD: ("comes from Chainguard", "come from Chainguard"),
}
"""What the headline says of one package, and of several."""

CONCLUSION_ICONS: dict[Conclusion, str] = {
    Conclusion.PASS: "✅",
    Conclusion.WARN: "⚠️",
    Conclusion.FAIL: "❌",
    Conclusion.UNKNOWN: "❔",
}
"""What the headline opens with: the check's result, not where packages come from."""
