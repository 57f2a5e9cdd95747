"""What the action writes: the hidden line, code blocks, summaries and outputs, whatever is in them."""

import base64
import json
import re
import zlib
from pathlib import Path

import markdown
import marker
import pytest
import result
from hypothesis import given
from hypothesis import strategies as st
from marker import Record
from summary import MOST_BYTES, write_outputs, write_summary

from .runner import parsed

DIGESTS = st.one_of(st.just(""), st.text("0123456789abcdef", min_size=64, max_size=64))
# More of the plan document does not matter here than that it has the digest.
PLANS = st.one_of(st.just(None), st.dictionaries(st.text(), st.text(), max_size=3))


@st.composite
def records(draw: st.DrawFn) -> Record:
    """Whatever a record can hold."""
    words = st.text(min_size=1)
    digest, more = draw(DIGESTS), draw(PLANS)
    plan = "" if more is None else json.dumps({**more, "digest": digest})
    kind, commit = draw(st.sampled_from(["plan", "drift"])), draw(st.text())
    return Record(kind, draw(words), draw(words), draw(words), digest, commit, plan)


@given(records(), st.text())
def test_a_record_comes_back(record: Record, text: str) -> None:
    """The hidden line is read as it was written; it is one line, and one HTML comment, that nothing in it ends."""
    line = marker.line(record)
    assert marker.read(f"{line}\n{text}") == record
    assert len(line.splitlines()) == 1
    assert line.count("-->") == line.count("<!--") == line.count(">") == 1
    assert "--" not in line[len("<!--") : -len("-->")]


@given(st.text())
def test_any_other_text_is_no_record(text: str) -> None:
    """No text has a record unless it begins with the line, and no text makes reading fail."""
    assert marker.read(text) is None
    assert marker.read(f"x{marker.line(Record('plan', '.', 'a', 'planned'))}") is None


def packed(text: str) -> str:
    """A text as the line has a plan."""
    return base64.b64encode(zlib.compress(text.encode())).decode()


OTHER = json.dumps({"digest": "b" * 64})
BOMB = json.dumps({"digest": "a" * 64, "a": "a" * 9_000_000})


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"v":2,"kind":"plan","path":".","environment":"a","state":"b"}',
        '{"v":1,"kind":"plan","path":".","environment":"a"}',
        '{"v":1,"kind":"plan","path":".","environment":"a","state":"b","more":"c"}',
        '{"v":1,"kind":"plan","path":".","environment":"a","state":1}',
        '{"v":1,"kind":"plan","path":".","environment":"a","state":"b","digest":"--yes"}',
        '{"v":1,"kind":"plan","path":".","environment":"a","state":"b","digest":"abcdefabcdef"}',
    ],
)
def test_a_line_that_we_would_not_write(inside: str) -> None:
    """A line that begins like ours and holds anything else is none."""
    assert marker.read(f"<!-- flowdeck {inside} -->\ntext") is None
    assert marker.read(f"<!-- flowdeck {'[' * 30_000} -->\ntext") is None


@pytest.mark.parametrize(
    "plan",
    ["!", "YWJj", 5, packed("no JSON"), packed("[]"), packed("[" * 99_999), packed(OTHER), packed(BOMB)],
    ids=["no base64", "not packed", "no text", "no JSON", "no object", "deep", "of another digest", "far too long"],
)
def test_a_plan_that_we_would_not_write(plan: object) -> None:
    """A line with a plan that cannot be unfolded, or is not the one of the digest, is none."""
    told = {"v": 1, "kind": "plan", "path": ".", "environment": "a", "state": "b", "digest": "a" * 64}
    assert marker.read(f"<!-- flowdeck {json.dumps(told)} -->") is not None
    assert marker.read(f"<!-- flowdeck {json.dumps({**told, 'plan': plan})} -->") is None


@given(st.lists(st.text(), max_size=30), st.integers(0, 200))
def test_whole_lines_are_cut(lines: list[str], most: int) -> None:
    """What does not fit is left out by whole lines, and their number is told."""
    kept = markdown.cut(lines, most)
    if kept != lines:
        *first, last = kept
        assert first == lines[: len(first)]
        assert last.startswith(f"... and {len(lines) - len(first)} more line")
        assert sum(len(line.encode()) + 1 for line in first) <= most


@pytest.mark.parametrize(
    ("code", "logged", "why", "state", "said"),
    [
        (0, {"outcome": "applied"}, "", "applied", "flowdeck's words"),
        (0, {"outcome": "nothing"}, "", "applied", "flowdeck's words"),
        (0, {"outcome": "nothing"}, "it was pushed", "applied", "flowdeck's words"),
        (1, {}, "", "failed", "run this job again"),
        (1, {"errors": ["bad-expectation"]}, "", "failed", "Somebody changed the hidden first line"),
        (
            3,
            {"errors": ["digest-mismatch"]},
            "it was pushed",
            "refused",
            "no reviewed plan to apply: it was pushed.",
        ),
        (3, {"errors": ["digest-mismatch"]}, "", "refused", "To go on, review the plan as it is now"),
        (3, {"errors": ["not-a-deployer"]}, "", "refused", "run this job again"),
        (4, {}, "", "partly", "only the rest of the reviewed plan is applied"),
        (64, {}, "", "failed", "run this job again"),
        (130, {}, "", "interrupted", "Run this job again"),
        (None, {}, "", "lost", "Run this job again"),
    ],
)
def test_every_ending_says_what_to_do(
    code: int | None, logged: dict[str, object], why: str, state: str, said: str
) -> None:
    """Each exit code has its words, and all but a success say how to go on."""
    told = result.told(code, logged, "flowdeck's words", why, "production")
    assert told.state == state
    assert said in told.text
    assert (code == 0) == ("again" not in told.text and "go on" not in told.text)


@pytest.mark.parametrize("code", [1, 3, 64, 130, None])
def test_an_ending_without_words(code: int | None) -> None:
    """If flowdeck could say nothing, the action names the environment and what it knows."""
    told = result.told(code, {}, "", "", "production")
    assert re.match(r"\*\*(Failed|Refused|Interrupted|Ended).*\*\*: `production`\n\n\w", told.text)


@pytest.mark.parametrize(
    "text",
    ["", "null\n", "[]\n", '{"event":"apply-fin', '{"event":"apply-started","digest":"d"}\n{"event":"step', "\x00\n"],
)
def test_a_log_that_breaks_off(tmp_path: Path, text: str) -> None:
    """Of a log whose process was killed what is whole counts; where there is none, nothing does."""
    path = tmp_path / "apply.log"
    assert result.log(path) == {}
    path.write_text(text, encoding="utf-8")
    assert result.log(path).get("digest") == ("d" if '"d"' in text else None)


@given(
    st.dictionaries(
        st.sampled_from(["digest", "changes", "exit-code"]),
        st.text(st.characters(codec="utf-8", exclude_characters="\r")),
    )
)
def test_outputs_set_nothing_else(outputs: dict[str, str]) -> None:
    """A value with line ends and delimiters in it is one value."""
    import tempfile  # noqa: PLC0415 (hypothesis and tmp_path do not go together)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "output"
        write_outputs({"GITHUB_OUTPUT": str(path)}, outputs)
        assert parsed(path.read_bytes().decode()) == outputs


def test_delimiters_cannot_be_foreseen(tmp_path: Path) -> None:
    """Each output has a delimiter of its own."""
    path = tmp_path / "output"
    write_outputs({"GITHUB_OUTPUT": str(path)}, {"a": "x", "b": "x"})
    delimiters = re.findall(r"<<(\w{32})$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(set(delimiters)) == 2


def test_a_summary_stays_below_the_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """However much is written, the step's summary stays under 1,000,000 bytes, in whole lines."""
    path = tmp_path / "summary"
    for _ in range(3):
        write_summary({"GITHUB_STEP_SUMMARY": str(path)}, "ä line of some length\n" * 30_000)
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < MOST_BYTES
    assert {line for line in text.splitlines() if not line.startswith("... and ")} == {"ä line of some length"}
    assert "more lines" in text


def test_the_log_takes_no_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed is between two lines that nobody can foresee, so that no line of it is a command."""
    for _ in range(2):
        write_summary({}, "::set-output name=a::b\n##[error]c")
    lines = capsys.readouterr().out.splitlines()
    words = [line.removeprefix("::stop-commands::") for line in lines if line.startswith("::stop-commands::")]
    assert len(set(words)) == 2
    assert lines[0::4] == [f"::stop-commands::{word}" for word in words]
    assert lines[3::4] == [f"::{word}::" for word in words]


def test_a_line_of_ours_in_a_plan_is_tamed() -> None:
    """Texts of flowdeck's lose their own hidden line, and cannot hold one of ours, whatever they quote."""
    line = marker.line(Record("plan", ".", "a", "planned"))
    assert markdown.tame("<!-- flowdeck plan lab/production -->\n**2 to create**\n") == "**2 to create**"
    assert markdown.tame("<!-- a comment -->\ntext") == "<!-- a comment -->\ntext"
    tamed = markdown.tame(f"<!-- flowdeck plan lab/production -->\n{line}\n<!--   flowdeck: the plan -->")
    assert "<!-- flowdeck" not in tamed
    assert "<!--   flowdeck" not in tamed
