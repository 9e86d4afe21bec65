import pytest

from handlers.shortener import link as codes


@pytest.mark.parametrize("text", ["abc", "a" * 32, "xzvzoih8", "a_-", "---"])
def test_a_code_is_3_to_32_small_letters_digits_underscores_and_hyphens(text: str) -> None:
    assert codes.is_code(text)


@pytest.mark.parametrize(
    "text", ["", "ab", "a" * 33, "abc\n", "a b", "a#b", "a/b", "a:b", "äbc", "١٢٣", "Abc"]
)
def test_a_text_that_breaks_a_key_a_path_or_a_channel_is_no_code(
    text: str,
) -> None:
    assert not codes.is_code(text)


@pytest.mark.parametrize("text", sorted(codes.RESERVED))
def test_a_path_of_the_api_is_no_code(text: str) -> None:
    assert not codes.is_code(text)


def test_random_codes_are_codes_of_eight_characters_and_differ() -> None:
    drawn = {codes.random_code() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(codes.is_code(code) and len(code) == 8 for code in drawn)


def test_a_drawn_code_that_is_reserved_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "RESERVED", frozenset({"ticket00"}))
    letters = iter("ticket00" + "xzvzoih8")

    def choice(_: str) -> str:
        return next(letters)

    monkeypatch.setattr("secrets.choice", choice)
    assert codes.random_code() == "xzvzoih8"
