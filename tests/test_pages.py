"""What the pages of documentation show is real: each command ends as stated and prints what the page shows.

`python tests/test_pages.py` runs them again and writes what they print into the pages; name pages to do only these.
"""

import sys
from pathlib import Path

import pytest
from pages import normal, replayed

ROOT = Path(__file__).parent.parent
# The pages whose ```console blocks are a session; those of other pages only illustrate.
PAGES = (
    "README.md",
    "docs/first-change.md",
    "docs/permissions-review.md",
    "docs/drift.md",
    "docs/recovery.md",
    "docs/importing.md",
)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_shows_is_real(page: str) -> None:
    """Each command of the page ends as stated and prints what the page shows.

    If the output has become another: `python tests/test_pages.py` writes the new one.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    now, unexpected = replayed(text)

    assert unexpected == []
    assert normal(now).splitlines() == normal(text).splitlines()


if __name__ == "__main__":
    for page in sys.argv[1:] or PAGES:
        old = (ROOT / page).read_text(encoding="utf-8")
        new, unexpected = replayed(old)
        print(page, *unexpected, sep="\n")
        if normal(new) != normal(old):
            (ROOT / page).write_text(new, encoding="utf-8")
