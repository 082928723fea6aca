"""The program `fallback-review`: sets the process up, then imports the command line.

In this order, since the imports alone make more objects than the collector should look at again and again.
"""

from __future__ import annotations

from fallback_review.runtime.encoding import speak_utf8
from fallback_review.runtime.memory import collect_rarely, end_without_looking
from fallback_review.runtime.plugins import without_plugins


def main() -> None:
    """Run the command line; leave with its exit code."""
    speak_utf8()
    collect_rarely()
    without_plugins()
    from fallback_review.cli.main import main as run  # noqa: PLC0415 - see above

    try:
        run()
    finally:
        end_without_looking()


if __name__ == "__main__":
    main()
