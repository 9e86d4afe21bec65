import pytest

from bench.clicks.costs import dollars, prices
from bench.clicks.measure import Measured
from bench.clicks.records import Call, Execution
from bench.clicks.summary import summary


def measured() -> Measured:
    """Two clicks in one batch, one post; and a socket that closes meanwhile."""
    aggregate, redirect = "clicks-aggregate-function-1", "shortener-redirect-function-1"
    return Measured(
        clicks=2,
        seconds=[0.1, 0.3],
        drain_seconds=[0.5],
        calls=[
            Call(redirect, "events", "PutEvents", 200),
            Call(redirect, "events", "PutEvents", 200),
            Call(aggregate, "dynamodb", "TransactWriteItems", 200, write_units=6),
            Call(aggregate, "dynamodb", "GetItem", 200, read_units=1),
            Call(aggregate, "execute-api", "POST", 200),
            Call("realtime-disconnect-function-1", "dynamodb", "DeleteItem", 200, write_units=1),
        ],
        executions=[
            Execution(redirect, 0.01, 512, 0),
            Execution(redirect, 0.01, 512, 0),
            Execution(aggregate, 0.02, 512, 2),
            Execution("realtime-disconnect-function-1", 0.02, 512, 0),
        ],
    )


def test_figures_are_for_one_click_and_leave_out_what_no_click_caused() -> None:
    found = summary(measured())
    assert found["batches"] == {"invocations": 1, "mean": 2.0, "by_size": {"2": 1}}
    assert found["calls_per_click"] == 1.0
    assert found["posts_per_click"] == 0.5
    assert (found["write_units_per_click"], found["read_units_per_click"]) == (3.0, 0.5)
    assert found["click_to_frame_ms"] == {"samples": 2, "p50": 100.0, "p95": 300.0, "p99": 300.0}


def test_the_bill_holds_what_the_services_ask_of_each_other() -> None:
    bill = summary(measured())["dollars_per_million_clicks"]
    listed = prices()
    # The bus sends each click to the queue; the batch is received and deleted once.
    assert bill["sqs_million_requests"] == pytest.approx(2 * listed["sqs_million_requests"])
    assert bill["lambda_million_requests"] == pytest.approx(1.5 * 0.2)
    assert bill["lambda_gb_second_arm64"] == pytest.approx(
        10_000 * listed["lambda_gb_second_arm64"]
    )
    assert bill["total"] == pytest.approx(sum(bill.values()) - bill["total"])


def test_a_million_of_a_thing_costs_its_listed_price() -> None:
    assert dollars({"web_socket_million_messages": 1_000_000})["total"] == 1.0
