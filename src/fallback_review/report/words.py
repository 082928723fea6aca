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

MALWARE_ICON = "⛔"
"""Instead of the outcome's, where an index blocks a package as malware: wherever it comes from."""

COMES_FROM: dict[Outcome, str] = {
    Outcome.INSTALL_FAILS: "install fails",
    Outcome.UNKNOWN: "could not check",
    Outcome.PYPI: "PyPI",
    Outcome.UPSTREAM: "PyPI, through Chainguard",
    Outcome.DIRECT: "direct",
    Outcome.PRIVATE: "private index",
    Outcome.REMEDIATED: "Chainguard, remediated",
    Outcome.CHAINGUARD: "Chainguard",
}
"""What a table's cell says."""

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

WILL: dict[Outcome, tuple[str, str]] = {
    Outcome.INSTALL_FAILS: ("will not install", "will not install"),
    Outcome.UNKNOWN: ("could not be checked", "could not be checked"),
    Outcome.PYPI: ("will come from PyPI", "will come from PyPI"),
    Outcome.UPSTREAM: (
        "is PyPI's own, served by Chainguard",
        "are PyPI's own, served by Chainguard",
    ),
    Outcome.DIRECT: ("comes from outside the indexes", "come from outside the indexes"),
    Outcome.PRIVATE: ("comes from a private index", "come from a private index"),
    Outcome.REMEDIATED: ("is a remediated build of Chainguard's", "are remediated builds of Chainguard's"),
    Outcome.CHAINGUARD: ("comes from Chainguard Libraries", "come from Chainguard Libraries"),
}
"""What the headline says of one package, and of several."""

CONCLUSION_ICONS: dict[Conclusion, str] = {
    Conclusion.PASS: "🟢",
    Conclusion.WARN: "🟠",
    Conclusion.FAIL: "🔴",
    Conclusion.UNKNOWN: "⚪",
}

GATE: dict[Conclusion, str] = {
    Conclusion.PASS: "",
    Conclusion.WARN: "The policy lets this pass with a warning.",
    Conclusion.FAIL: "The policy does not let this pass.",
    Conclusion.UNKNOWN: "This is not a pass: what could not be checked may come from anywhere.",
}
"""What the conclusion means for the merge, in one sentence."""
