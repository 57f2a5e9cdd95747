"""Take the pictures of the documentation: flowdeck plans examples/lab on the emulator, and Chromium looks at it.

Run as `python docs/pictures/make.py`, with the developer's packages, Chromium, and Graphviz for the drawings.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "lab"
FLOWDECK = Path(sys.executable).with_name("flowdeck")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")

# What a forge makes of a comment, as far as it matters here: type, tables, code, folded details.
STYLE = """
body { font: 14px/1.5 "Helvetica Neue", Helvetica, Arial, sans-serif; color: #1f2328; margin: 16px; background: #fff }
main { border: 1px solid #d1d9e0; border-radius: 6px; padding: 0 16px }
table { border-collapse: collapse; margin: 0 0 16px }
th, td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left }
tr:nth-child(even) td { background: #f6f8fa }
code { font: 85% ui-monospace, "DejaVu Sans Mono", monospace }
code { background: #eff1f3; border-radius: 6px; padding: .2em .4em }
pre { background: #f6f8fa; border-radius: 6px; padding: 16px; line-height: 1.45; margin: 0 0 16px }
pre code { background: none; padding: 0 }
summary { margin: 0 0 10px }
.add { color: #116329; background: #dafbe1 } .del { color: #82071e; background: #ffebe9 } .alter { color: #953800 }
"""


PERMISSIONS = "permissions.yaml"
# Two edits of examples/lab: a state more, and other people.
KEEP = """\
  Keep:
    Type: Action
    ActionUrl: https://transfer.actions.globus.org/transfer
    Parameters:
      source_endpoint: 5a4d0b00-0000-4a00-8000-000000000001
      destination_endpoint: 5a4d0b00-0000-4a00-8000-000000000002
      DATA: [{source_path: /calibration/, destination_path: /archive/calibration/}]
    Next: Done

  Done:
"""
STATES = {"flows/calibrate/definition.yaml": {"        Next: Done": "        Next: Keep", "  Done:\n": KEEP}}
ADMINISTRATORS = {"administrators: [ada, deploy-service]": "administrators: [ada, grace, deploy-service]"}
VIEWERS = {"viewers: [operators, curators]": "viewers: [public]"}


@dataclass(frozen=True, slots=True)
class Picture:
    """What of examples/lab is edited and planned, and how large the picture is, in CSS pixels."""

    edits: Mapping[str, Mapping[str, str]]
    plan: Sequence[str]
    width: int
    height: int


PICTURES = {
    "page.png": Picture({**STATES, PERMISSIONS: ADMINISTRATORS}, ("calibrate", "--out", "plan.html"), 900, 958),
    "comment.png": Picture(
        {PERMISSIONS: ADMINISTRATORS | VIEWERS}, ("calibrate", "ingest", "--out", "plan.md"), 960, 1010
    ),
}


def main() -> int:
    """Take the pictures that the command line names, or all."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"make.py needs Chromium: none of {', '.join(BROWSERS)} is on the PATH.", file=sys.stderr)
        return 1
    for name in sys.argv[1:] or PICTURES:
        with tempfile.TemporaryDirectory(prefix="flowdeck-picture-") as scratch:
            take(PICTURES[name], Path(scratch), browser, HERE / name)
        print(f"{name}: {(HERE / name).stat().st_size // 1024} KiB")
    return 0


def take(picture: Picture, scratch: Path, browser: str, target: Path) -> None:
    """Apply the example, edit it, plan, and take a picture of the plan."""
    project = scratch / EXAMPLE.name
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns(".flowdeck"))
    flowdeck(project, "apply", "--yes")
    for file, edits in picture.edits.items():
        text = (project / file).read_text(encoding="utf-8")
        for before, after in edits.items():
            if before not in text:
                sys.exit(f"make.py: {EXAMPLE.name}/{file} does not hold `{before}` any more")
            text = text.replace(before, after, 1)
        (project / file).write_text(text, encoding="utf-8")
    flowdeck(project, "plan", *picture.plan)
    shown = project / picture.plan[-1]
    if shown.suffix == ".md":
        shown = comment(shown)
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={scratch / 'browser'}", f"--window-size={picture.width},{picture.height}"]
    command += [f"--screenshot={target}", shown.as_uri()]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def flowdeck(project: Path, *arguments: str) -> None:
    """A command that must end well, without the settings of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWDECK_", "GLOBUS_", "CI"))}
    subprocess.run([FLOWDECK, *arguments], cwd=project, env=kept, check=True, stdout=subprocess.DEVNULL)


def comment(plan: Path) -> Path:
    """The Markdown of a plan as a page that looks like a forge's comment."""
    markdown = MarkdownIt("gfm-like", {"highlight": coloured})
    page = plan.with_suffix(".html")
    drawn = markdown.render(plan.read_text(encoding="utf-8"))
    page.write_text(
        f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style><main>{drawn}</main>', encoding="utf-8"
    )
    return page


def coloured(code: str, language: str, _: str) -> str:
    """A block of code; the lines of a diff in the colours of their first characters."""
    kinds = {"+": "add", "-": "del", "!": "alter"} if language == "diff" else {}
    lines = (f'<span class="{kinds.get(line[:1], "")}">{escape(line)}</span>' for line in code.splitlines())
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
