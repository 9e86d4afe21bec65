import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.realtime.delivery.tasks import MalformedTask, decode, encode
from handlers.realtime.model import Position, Range, Retry, Task, Trail

texts = st.text()
numbers = st.integers(0, 2**53 - 1)
maybe = st.none() | numbers
positions = st.none() | st.builds(Position, numbers, numbers)
ids = st.lists(texts).map(tuple)
tasks = st.one_of(
    st.builds(Trail, texts, texts, numbers),
    st.builds(Range, texts, st.none() | texts, st.none() | texts, positions, maybe, numbers),
    st.builds(Retry, texts, ids, positions, st.integers(0, 5), st.booleans()),
)


@given(tasks)
def test_a_task_is_read_as_it_was_written(task: Task) -> None:
    assert decode(encode(task)) == task


def test_a_task_is_an_object_that_a_person_can_read() -> None:
    assert json.loads(encode(Retry("link:a", ("c=",), Position(7, 4)))) == {
        "task": "Retry",
        "channel": "link:a",
        "connection_ids": ["c="],
        "position": {"epoch": 7, "version": 4},
        "attempt": 0,
        "span": False,
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
        '{"task":"Trail","channel":"a"}',
        '{"task":"Retry","channel":"a"}',
        '{"task":"Retry","channel":"a","connection_ids":1}',
        '{"task":"Trail","channel":"a","token":"t","unknown":1}',
        '{"task":"Range","channel":"a","position":[7,4]}',
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(MalformedTask):
        decode(text)
