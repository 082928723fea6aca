"""Hypothesis strategies for text that means harm."""

from __future__ import annotations

from hypothesis import strategies as st

_PIECES = (
    "|", "||", "\\", "\\|", "`", "```", "~~~", "<", ">", "<b>", "</td>", "</details>", "<!--", "-->", "&", "&lt;", "&#64;",
    "@", "@octocat", "#", "#123", "# ", "GH-12", "gh-7", "a/b#1", "$", "$$", "$`x`$", ":", ":tada:", ":x:", "::error::",
    "http://evil.test", "https://evil.test/a_b", "HTTPS://EVIL.TEST", "ftp://evil.test", "www.evil.test", "WWW.evil.test",
    "me@evil.test", "mailto:me@evil.test", "xmpp:me@evil.test", "[", "]", "[x](y)", "![x](y)", "[x]: y", "[^1]", "[ ]",
    "*", "**", "_", "__", "~", "~~", "- ", "+ ", "1. ", "> ", "---", "===", "    ", "\t", "\n", "\r\n", "\n\n", "\x00", "\x07", "\x7f",
    "\x1b[31m", "\x1b]8;;", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\u0301", "\u3164", "\ud800", "\udfff",
    "\U000e0041", "é", "→", "🟢", "x", "1.0", " ", "{{ x }}", "{% raw %}", "[red]", "[/]", "'", '"', "%0A", "javascript:",
)  # fmt: skip

hostile_text = st.lists(
    st.one_of(st.sampled_from(_PIECES), st.text(st.characters(), max_size=4)), min_size=1, max_size=14
).map("".join)
