import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.shortener import targets


@pytest.mark.parametrize(
    "target",
    [
        "http://example.com",
        "https://example.com/a/b?c=d&e=%20#f",
        "HTTPS://EXAMPLE.COM/",
        "https://[2001:db8::1]:8443/",
        "https://xn--bcher-kva.example/~user/(a)!*',;",
        "https://example.com/mail?to=a@example.com",
        "https://example.com/" + "a" * (2048 - 20),
    ],
)
def test_an_address_of_the_web_is_returned_as_it_is(target: str) -> None:
    assert targets.checked(target) == target


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("", "http"),
        ("example.com", "http"),
        ("//example.com", "http"),
        ("javascript:alert(1)", "http"),
        ("ftp://example.com", "http"),
        ("java\tscript:alert(1)", "printable"),
        ("https://", "host"),
        ("https:///path", "host"),
        ("https://:443", "host"),
        ("https:example.com", "host"),
        ("https://user@example.com", "user name"),
        ("https://user:password@example.com", "user name"),
        ("https://@example.com", "user name"),
        ("https://example.com\\@evil.example", "backslash"),
        ("https://example.com/a b", "printable"),
        ("https://example.com/\r\nset-cookie:a=b", "printable"),
        (" https://example.com", "printable"),
        ("https://bücher.example", "xn--"),
        ("https://example.com/\x7f", "printable"),
        ("https://example.com:port", "valid URL"),
        ("https://example.com:65536", "valid URL"),
        ("https://[::1", "valid URL"),
        ("https://example.com/" + "a" * (2049 - 20), "2048"),
    ],
)
def test_anything_else_is_refused_with_the_reason(target: str, reason: str) -> None:
    with pytest.raises(targets.RefusedTargetError, match=reason):
        targets.checked(target)


@given(st.text())
def test_no_text_gets_out_of_its_header_line(text: str) -> None:
    try:
        accepted = targets.checked("https://example.com/" + text)
    except targets.RefusedTargetError:
        return
    assert accepted.isascii()
    assert accepted.isprintable()
    assert " " not in accepted
