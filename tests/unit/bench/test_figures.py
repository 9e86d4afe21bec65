from xml.etree import ElementTree

import pytest

from bench import document
from bench.chart import Bar, bars
from bench.cold import figures as cold
from bench.cold.samples import SAMPLES
from bench.document import PERFORMANCE, MissingSection, replaced, table
from bench.fanout.report import chart_rows
from bench.fanout.report import table as fanout_table
from bench.fanout.rounds import Measured, figures


def measured(ours: float, floor: float, boto3: float) -> dict[str, Measured]:
    speeds = {"ours": ours, "floor": floor, "boto3": boto3}
    return {name: Measured(speed, speed / 2, 1e-5) for name, speed in speeds.items()}


ROUNDS = [measured(40, 100, 2), measured(50, 100, 2), measured(10, 20, 1)]


def test_speeds_are_medians_and_the_fastest_comes_first() -> None:
    found = figures(ROUNDS)
    assert {name: each.posts_per_cpu_second for name, each in found.items()} == {
        "floor": 100,
        "ours": 40,
        "boto3": 2,
    }
    assert list(found) == ["floor", "ours", "boto3"]
    assert found["ours"].rounds_posts_per_cpu_second == [40, 50, 10]


def test_a_ratio_is_taken_within_a_round_not_between_medians() -> None:
    found = figures(ROUNDS)
    assert found["ours"].share_of_floor == 0.5
    assert found["boto3"].times_slower_than_ours == 20


def test_the_table_and_the_chart_name_every_client() -> None:
    found = figures(ROUNDS)
    assert "| boto3 in threads | 2 | 500,000 µs | 1 | 2.0% | 20.0 x |" in fanout_table(found)
    assert [(row.label, row.ours) for row in chart_rows(found)][1:] == [
        ("ours", True),
        ("boto3 in threads", False),
    ]


def test_a_chart_is_well_formed_and_its_bars_are_in_proportion() -> None:
    root = ElementTree.fromstring(  # noqa: S314 - our own text
        bars("a < b & c", [Bar("ours", 300), Bar("theirs", 100)])
    )
    widths = [float(rect.attrib["width"]) for rect in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths == [480, 160]


def test_a_cold_start_is_compared_with_the_one_taken_beside_it() -> None:
    rounds = [
        cold.Round(
            ours=cold.Times(seconds, 2 * seconds),
            compiled=cold.Times(seconds / 2, seconds),
            plain=cold.Times(seconds * 4, seconds * 4),
        )
        for seconds in (0.1, 0.2, 0.9)
    ]
    found = cold.figures(rounds, 3000, 1000)
    assert (found.import_ms, found.plain_import_ms, found.import_ratio) == (200, 800, 0.25)
    assert (found.first_call_ms, found.first_call_ratio, found.zip_ratio) == (400, 0.5, 3)
    assert (found.compiled_import_ms, found.compiled_first_call_ms) == (100, 200)


def test_every_function_that_ships_is_measured() -> None:
    shipped = {
        ".".join(path.relative_to(document.ROOT / "handlers").with_suffix("").parts)
        for path in (document.ROOT / "handlers").rglob("*.py")
        if "\ndef handler(" in path.read_text()
    }
    assert {sample.function for sample in SAMPLES} == shipped


def test_a_section_is_replaced_and_the_prose_is_left_alone() -> None:
    text = "before\n<!-- here -->\nold\n<!-- /here -->\nafter"
    once = replaced(text, "here", "new")
    assert once == "before\n<!-- here -->\nnew\n<!-- /here -->\nafter"
    assert replaced(once, "here", "new") == once


def test_a_document_without_the_section_is_refused() -> None:
    with pytest.raises(MissingSection, match="fanout"):
        replaced("nothing here", "fanout", "new")


@pytest.mark.parametrize("section", ["fanout", "cold"])
def test_the_performance_document_has_a_place_for_the_table(section: str) -> None:
    assert replaced(PERFORMANCE.read_text(), section, "x")


def test_a_table_has_a_line_for_its_head_its_alignment_and_each_row() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | ---: |\n| 1 | 2 |"
