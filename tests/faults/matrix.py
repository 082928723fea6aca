"""The fault matrix: `python -m tests.faults.matrix > docs/faults.table.md` runs every row and prints the table.

It ends with 1, and says why on standard error, where a row is green without an answer or a credential shows.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.faults import of_github, of_indexes
from tests.faults.rows import table


def main() -> int:
    """Run it all."""
    with tempfile.TemporaryDirectory() as indexes, tempfile.TemporaryDirectory() as github:
        rows = [*of_indexes.rows(Path(indexes)), *of_github.rows(Path(github))]
    sys.stdout.write(table(rows))
    faults = [fault for row in rows for fault in row.faults]
    sys.stderr.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
