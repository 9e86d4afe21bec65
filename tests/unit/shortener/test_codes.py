import pytest

from handlers.shortener import codes


@pytest.mark.parametrize("text", ["abc", "a" * 32, "XzVZoih", "A_-", "---"])
def test_a_code_is_3_to_32_letters_digits_underscores_and_hyphens(text: str) -> None:
    assert codes.is_code(text)


@pytest.mark.parametrize(
    "text", ["", "ab", "a" * 33, "abc\n", "a b", "a#b", "a/b", "a:b", "äbc", "١٢٣"]
)
def test_what_could_break_a_key_a_path_or_a_channel_is_no_code(text: str) -> None:
    assert not codes.is_code(text)


@pytest.mark.parametrize("text", [*sorted(codes.RESERVED), "Links", "HEALTH"])
def test_a_word_that_the_api_routes_itself_is_no_code_in_any_case(text: str) -> None:
    assert not codes.is_code(text)


def test_random_codes_are_codes_of_seven_characters_and_differ() -> None:
    drawn = {codes.random_code() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(codes.is_code(code) and len(code) == 7 for code in drawn)


def test_a_drawn_word_that_is_reserved_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = iter("tickets" + "XzVZoih")

    def choice(_: str) -> str:
        return next(letters)

    monkeypatch.setattr("secrets.choice", choice)
    assert codes.random_code() == "XzVZoih"
