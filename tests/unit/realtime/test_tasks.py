import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime.delivery.tasks import (
    CatchUp,
    Flush,
    Forget,
    MalformedTask,
    Range,
    Task,
    decode,
    encode,
)

texts = st.text()
numbers = st.integers(0, 2**53 - 1)
maybe = st.none() | numbers
tasks = st.one_of(
    st.builds(Flush, texts, texts, numbers),
    st.builds(Range, texts, st.none() | texts, st.none() | texts, maybe),
    st.builds(CatchUp, texts, texts, maybe, maybe, st.integers(0, 5), st.booleans()),
    st.builds(Forget, texts, st.lists(texts).map(tuple)),
)


@given(tasks)
def test_a_task_is_read_as_it_was_written(task: Task) -> None:
    assert decode(encode(task)) == task


def test_a_task_is_a_flat_object_that_a_person_can_redrive() -> None:
    assert json.loads(encode(CatchUp("link:a", "c=", 7, 4))) == {
        "task": "CatchUp",
        "channel": "link:a",
        "connection_id": "c=",
        "epoch": 7,
        "version": 4,
        "attempt": 0,
        "superseded_by_newer": False,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"task":"Push","channel":"a"}',
        '{"task":[],"channel":"a"}',
        '{"task":"Flush","channel":"a"}',
        '{"task":"Forget","channel":"a"}',
        '{"task":"Forget","channel":"a","connection_ids":1}',
        '{"task":"Flush","channel":"a","token":"t","unknown":1}',
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(MalformedTask):
        decode(text)
