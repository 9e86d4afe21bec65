import re
from dataclasses import asdict

import botocore.session
import pytest

from components.resources.regions import SUPPORT_CASE, Figures, figure_names, regions

NAMES = list(figure_names())
CODES = sorted(regions().regions)
SMALL = {
    *("af-south-1", "ap-east-2", "ap-south-2", "ca-west-1", "eu-central-2", "eu-south-1"),
    *("ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7"),
    *("eu-south-2", "il-central-1", "me-central-1", "mx-central-1"),
}
RANGES = {
    "api_requests_per_second": {2_500, 10_000},
    "api_burst": {1_250, 5_000},
    "web_socket_connects_per_second": {500},
    "web_socket_connects_burst": {500},
    "put_events_per_second": {400, 600, 1_200, 2_400, 10_000},
    "event_invocations_per_second": {750, 1_100, 2_250, 4_500, 18_750},
    "step_functions_start_burst": {800, 1_300},
    "step_functions_starts_per_second": {150, 300},
    "step_functions_transitions_burst": {800, 5_000},
    "lambda_concurrency": {1_000},
    "lambda_concurrency_of_new_accounts": {10},
    "web_socket_integrations": {300},
    "queue_messages_in_flight": {120_000},
}


def test_the_regions_are_the_commercial_ones_that_botocore_knows() -> None:
    known = botocore.session.get_session().get_available_regions("ec2", "aws")
    assert set(known) == set(CODES)
    assert len(CODES) == 34


def test_every_quota_of_the_file_is_a_figure_of_each_region() -> None:
    assert regions().quotas.keys() == set(NAMES) == RANGES.keys()


@pytest.mark.parametrize("name", NAMES)
def test_a_quota_says_who_counts_it_how_it_is_raised_and_where_that_stands(name: str) -> None:
    quota = regions().quotas[name]
    assert quota.source.startswith("https://docs.aws.amazon.com/")
    assert quota.title
    assert quota.unit
    assert quota.service in {"apigateway", "events", "lambda", "sqs", "states"}
    assert re.fullmatch(r"L-[0-9A-F]{8}", quota.code) or quota.code == SUPPORT_CASE


def test_only_what_has_no_code_is_a_support_case() -> None:
    cases = {name for name, quota in regions().quotas.items() if quota.code == SUPPORT_CASE}
    assert cases == {"web_socket_integrations", "queue_messages_in_flight"}
    assert all("support case" in regions().quotas[name].note for name in cases)


def test_bursts_of_api_gateway_cannot_be_raised_and_all_else_can() -> None:
    fixed = {name for name, quota in regions().quotas.items() if not quota.adjustable}
    assert fixed == {"api_burst", "web_socket_connects_burst"}


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_one_that_aws_states_somewhere(name: str) -> None:
    found: set[int] = {getattr(region.defaults, name) for region in regions().regions.values()}
    assert found == RANGES[name]


def test_the_small_regions_are_the_union_of_both_pages() -> None:
    small = {
        code
        for code, region in regions().regions.items()
        if region.defaults.api_requests_per_second == 2_500
    }
    assert small == SMALL


def test_a_burst_is_half_of_its_rate_and_deliveries_exceed_requests() -> None:
    for region in regions().regions.values():
        figures = region.defaults
        assert figures.api_burst * 2 == figures.api_requests_per_second, region.code
        assert figures.event_invocations_per_second > figures.put_events_per_second, region.code


def test_every_disagreement_is_noted_with_its_page() -> None:
    for note in regions().notes:
        assert note.source.startswith("https://")
        assert set(note.quotas) <= set(NAMES)
        assert set(note.regions) <= set(CODES)
        assert note.text.endswith(".")
    (uae,) = regions().notes_on("api_burst", "me-central-1")
    assert "2,500 / 1,250" in uae.text
    assert regions().notes_on("api_burst", "eu-west-1") == []


def test_a_region_has_a_name_that_people_use() -> None:
    titles = {region.title for region in regions().regions.values()}
    assert len(titles) == 34
    assert regions().regions["eu-south-1"].title == "Europe (Milan)"


def test_nobody_can_change_a_figure() -> None:
    figures = regions().regions["eu-west-1"].defaults
    assert figures == Figures(**asdict(figures))
    with pytest.raises(AttributeError):
        figures.api_burst = 1  # pyright: ignore[reportAttributeAccessIssue] - that is the point
