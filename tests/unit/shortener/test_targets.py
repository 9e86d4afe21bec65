import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.shortener import targets


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("http://example.com", "http://example.com/"),
        ("https://example.com/a/b?c=d&e=%20#f", "https://example.com/a/b?c=d&e=%20#f"),
        ("HTTPS://EXAMPLE.COM:443/A", "https://example.com/A"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443/"),
        ("https://example.com/mail?to=a@example.com", "https://example.com/mail?to=a@example.com"),
        (
            "https://bücher.example/ä b?ü=ß#ö",
            "https://xn--bcher-kva.example/%C3%A4%20b?%C3%BC=%C3%9F#%C3%B6",
        ),
        (" https://example.com/a\tb\r\n", "https://example.com/ab"),
        ("https://example.com\\@evil.example", "https://example.com/@evil.example"),
        ("https://example.com/" + "a" * (2048 - 20), "https://example.com/" + "a" * (2048 - 20)),
    ],
)
def test_a_target_is_kept_as_a_browser_sends_it(target: str, sent: str) -> None:
    assert targets.checked(target) == sent


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("", "browser can open"),
        ("example.com", "browser can open"),
        ("//example.com", "browser can open"),
        ("https://", "browser can open"),
        ("https://:443", "browser can open"),
        ("https://example.com:port", "browser can open"),
        ("https://example.com:65536", "browser can open"),
        ("https://exa%mple.com/", "browser can open"),
        ("https://exa^mple.com/", "browser can open"),
        ("https://[::1]8443/", "browser can open"),
        ("https://256.256.256.256/", "browser can open"),
        ("https://xn--a/", "browser can open"),
        ("\ud800", "browser can open"),
        ("localhost:3000", "start with http"),
        ("javascript:alert(1)", "start with http"),
        ("java\tscript:alert(1)", "start with http"),
        ("ftp://example.com", "start with http"),
        ("https://user@example.com", "user name"),
        ("https://:password@example.com", "user name"),
        ("https://example.com/" + "a" * (2049 - 20), "2048"),
        ("https://example.com/" + "ä" * 400, "2048"),
    ],
)
def test_a_target_that_no_browser_opens_is_refused_with_the_reason(
    target: str, reason: str
) -> None:
    with pytest.raises(targets.RefusedTargetError, match=reason):
        targets.checked(target)


@pytest.mark.parametrize(
    "target",
    [
        "https://sho.rt/loop",
        "http://SHO.RT",
        "https://sho.rt:443/a",
        "https://sho.rt./a",
        "https:\\\\sho.rt\\a",
    ],
)
def test_an_address_of_the_shortener_is_refused_however_it_is_written(target: str) -> None:
    with pytest.raises(targets.RefusedTargetError, match="address of this shortener"):
        targets.checked(target, lambda host: host == "sho.rt")


def test_another_port_of_the_shorteners_host_is_another_address() -> None:
    assert targets.checked("https://sho.rt.:8443/", lambda host: host == "sho.rt")
    with pytest.raises(targets.RefusedTargetError):
        targets.checked("https://sho.rt.:8443/", lambda host: host == "sho.rt:8443")


@given(st.text())
def test_no_text_gets_out_of_its_header_line(text: str) -> None:
    try:
        accepted = targets.checked("https://example.com/" + text)
    except targets.RefusedTargetError:
        return
    assert accepted.isascii()
    assert accepted.isprintable()
    assert " " not in accepted
