"""The runner's protocol, read back by a parser of our own: nothing foreign becomes a command or an output."""

from __future__ import annotations

import io
import json

import pytest
from actions_runner.commands import REGISTERED, Command, parse, read_log
from actions_runner.files import Refused, read_outputs
from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.cli.github.runner import (
    ANNOTATION_LIMIT,
    SUMMARY_LIMIT,
    Annotation,
    Level,
    Runner,
    annotation,
    cut,
    escape_data,
    escape_property,
    output,
)
from gitops_streams.errors import InternalError
from gitops_streams.render.inert import line

WORD = "ghadelimiter_3a"
HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="\n\r%:,<=#[]; \u2028\x85\x0b\x0cadD0A25"),
    st.lists(
        st.sampled_from(
            ["::set-output name=x::y", "##[set-env name=x;]y", "::stop-commands::a", "\n", "\r", "EOF", "x<<EOF", "%0A"]
        )
    ).map("".join),
)


@given(text=HOSTILE)
def test_data_survives(text):
    read = parse(f"::error ::{escape_data(text)}", REGISTERED)
    assert read == Command("error", {}, text)


@given(file=HOSTILE, title=HOSTILE)
def test_properties_survive(file, title):
    read = parse(f"::error file={escape_property(file)},title={escape_property(title)},end=1::x", REGISTERED)
    assert read == Command("error", {"file": file, "title": title, "end": "1"}, "x")


@given(title=HOSTILE, message=HOSTILE, file=HOSTILE, number=st.integers(1, 10**6))
def test_an_annotation_is_one_command_and_nothing_else(title, message, file, number):
    log = read_log(annotation(Annotation(Level.WARNING, title, message, file, number)) + "\n")
    (command,) = log.commands
    assert command.name == "warning"
    assert log.shown == [""]
    assert set(command.properties) <= {"file", "line", "title"}
    assert command.properties.get("file", "") == file
    assert command.properties["line"] == str(number)
    assert [line(part) for part in message.split("\n")] == command.data.split("\n")


@given(outputs=st.dictionaries(st.from_regex(r"[a-z][a-z0-9-]*", fullmatch=True), HOSTILE))
def test_outputs_are_read_back(outputs):
    text = "".join(output(name, value, WORD) for name, value in outputs.items())
    assert read_outputs(text) == outputs


@pytest.mark.parametrize("value", [WORD, f"a\n{WORD}\nevil=1", f"x{WORD}y"])
def test_a_value_that_holds_the_delimiter_is_refused(value):
    with pytest.raises(InternalError):
        output("report", value, WORD)


@pytest.mark.parametrize("name", ["", "a=b", "a\nb", "a<<b", "A"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(InternalError):
        output(name, "x", WORD)


def test_the_naive_form_would_be_injected():
    """The parser is no pushover: what others write is read as GitHub reads it."""
    assert read_outputs("report<<EOF\nfine\nEOF\nevil<<EOF\n1\nEOF\n") == {"report": "fine", "evil": "1"}
    with pytest.raises(Refused):
        read_outputs("report<<EOF\nfine\n")
    assert read_log("image: a\n::set-env name=PATH::x\n").of("set-env")
    assert read_log("look: ##[set-env name=PATH;]x\n").of("set-env")


@given(text=HOSTILE)
def test_nothing_that_is_printed_meanwhile_is_a_command(text):
    stream = io.StringIO()
    runner = Runner({}, stream)
    with runner.commands_stopped():
        stream.write(text + "\n")
    runner.annotate([Annotation(Level.NOTICE, "a", "b")])
    log = read_log(stream.getvalue())
    assert [command.name for command in log.commands] == ["notice"]
    assert not log.stopped


def test_commands_work_again_after_an_error():
    stream = io.StringIO()
    with pytest.raises(ZeroDivisionError), Runner({}, stream).commands_stopped():
        raise ZeroDivisionError
    assert not read_log(stream.getvalue()).stopped


def test_the_word_is_another_each_time(tmp_path):
    stream, file = io.StringIO(), tmp_path / "output"
    runner = Runner({"GITHUB_OUTPUT": str(file)}, stream)
    for _ in range(2):
        with runner.commands_stopped():
            pass
        runner.set_outputs({"a": "b"})
    words = [text.rpartition("::")[2] for text in stream.getvalue().splitlines() if "stop" in text]
    words += [text.rpartition("<<")[2] for text in file.read_text().splitlines() if "<<" in text]
    assert len(set(words)) == 4
    assert all(len(word) >= 32 for word in words)


def test_secrets_are_masked_line_by_line():
    stream = io.StringIO()
    Runner({}, stream).mask("one\ntwo%", "", "\n")
    assert [command.data for command in read_log(stream.getvalue()).of("add-mask")] == ["one", "two%"]


@pytest.mark.parametrize("number", [0, 1, ANNOTATION_LIMIT, ANNOTATION_LIMIT + 1, 400])
def test_no_more_annotations_than_are_shown(number):
    stream = io.StringIO()
    wanted = [Annotation(level, "t", f"{index}") for index in range(number) for level in Level]
    Runner({}, stream).annotate(wanted)
    log = read_log(stream.getvalue())
    for level in Level:
        shown = log.of(level)
        assert len(shown) == min(number, ANNOTATION_LIMIT)
        if number > ANNOTATION_LIMIT:
            assert f"and {number - ANNOTATION_LIMIT + 1} more" in shown[-1].data


def test_a_summary_is_added_to_and_fits(tmp_path):
    file = tmp_path / "summary"
    runner = Runner({"GITHUB_STEP_SUMMARY": str(file)}, io.StringIO())
    runner.add_summary("first")
    runner.add_summary("# Ünïcode ✓\n\n" * 200_000)
    runner.add_summary("third")
    content = file.read_bytes()
    assert len(content) <= SUMMARY_LIMIT
    assert content.startswith("first\n# Ünïcode".encode())
    assert "the rest is in the report" in content.decode()


@given(text=st.text(max_size=200), limit=st.integers(60, 300))
def test_a_cut_text_fits_and_ends_between_blocks(text, limit):
    short = cut(text, limit)
    assert len(short.encode()) <= limit
    if len(text.encode("utf-8", "backslashreplace")) > limit:
        kept = short.partition("\n\n*Cut here")[0]
        assert text.startswith(kept)


def test_without_the_runners_files_nothing_is_written():
    runner = Runner({"GITHUB_OUTPUT": ""}, io.StringIO())
    runner.set_outputs({"a": "b"})
    runner.add_summary("x")


def test_names_that_are_no_text_do_not_stop_outputs(tmp_path):
    file = tmp_path / "output"
    Runner({"GITHUB_OUTPUT": str(file)}, io.StringIO()).set_outputs({"report-path": json.loads('"\\udcff"')})
    assert read_outputs(file.read_text()) == {"report-path": "\\udcff"}
