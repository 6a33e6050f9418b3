"""Which settings are accepted, and that no text contains the key."""

from typing import Any

import pytest

from neev_provider.client.settings import DEFAULT_BASE_URL, Settings, mcp_url, require_secure_url
from neev_provider.core.errors import ConfigError

KEY = "key-that-nobody-may-see"


def new_settings(base_url: str = DEFAULT_BASE_URL, **options: Any) -> Settings:
    return Settings(**{"base_url": base_url, "api_key": KEY, "org_id": "o", "project_id": "p"} | options)


def test_repr_and_str_of_settings_hide_the_key() -> None:
    assert KEY not in f"{new_settings()} {new_settings()!r}"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (DEFAULT_BASE_URL, DEFAULT_BASE_URL),
        ("https://h/agent/", "https://h/agent"),
        ("https://h/X//", "https://h/X"),
        (" https://h:8443 ", "https://h:8443"),
        ("http://127.0.0.1:9/agent", "http://127.0.0.1:9/agent"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:9", "http://[::1]:9"),
        ("http://localhost", "http://localhost"),
        ("http://neev.localhost", "http://neev.localhost"),
    ],
)
def test_https_urls_and_local_http_urls_are_accepted(given: str, kept: str) -> None:
    assert new_settings(given).base_url == kept


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "not an http or https address"),
        ("api.neev.test", "not an http or https address"),
        ("ftp://h", "not an http or https address"),
        ("https://", "not an http or https address"),
        ("https://h:port", "not an address"),
        ("https://user@h", "more than scheme"),
        ("https://:word@h", "more than scheme"),
        ("https://h?x=1", "more than scheme"),
        ("https://h#x", "more than scheme"),
        ("http://h", "in clear"),
        ("http://10.0.0.1", "in clear"),
        ("http://localhost.evil.test", "in clear"),
    ],
)
def test_other_urls_are_rejected_without_showing_secrets(given: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"^the setting `baseUrl` (is|contains|would) .*{reason}") as caught:
        new_settings(given)
    remedy = "Use https; plain http is for this machine only, unless the setting `allowInsecure` is true."
    assert caught.value.hint == (remedy if reason == "in clear" else f"Use one like {DEFAULT_BASE_URL}.")
    assert "word" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_http_to_another_host_is_accepted_if_allow_insecure_is_true() -> None:
    assert new_settings("http://10.0.0.1", allow_insecure=True).base_url == "http://10.0.0.1"


@pytest.mark.parametrize("key", ["", "two words", "key-end\n", "schlüssel"])
def test_a_key_that_is_invalid_in_a_header_is_rejected_without_showing_it(key: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^the setting `apiKey` is empty or holds spaces, line ends or letters that no key has"
    ) as caught:
        new_settings(api_key=key)
    assert not key or key.strip() not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("org_id", " ", "the setting `orgId` is empty."),
        ("project_id", "", "the setting `projectId` is empty."),
        ("timeout", 0.0, "the setting `requestTimeoutSeconds` must be more than 0, not 0."),
    ],
)
def test_the_error_for_an_empty_setting_names_it(name: str, value: Any, shown: str) -> None:
    with pytest.raises(ConfigError) as caught:
        new_settings(**{name: value})
    assert str(caught.value) == shown


def test_a_timeout_may_be_a_fraction_of_a_second() -> None:
    assert new_settings(timeout=0.5).timeout == 0.5


LOCAL_URL = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("base", "address"),
    [
        (DEFAULT_BASE_URL, "https://anywhere.test/x"),
        (LOCAL_URL, "https://anywhere.test/x"),
        (LOCAL_URL, "http://127.0.0.1:10/x"),
        (LOCAL_URL, "http://box.localhost"),
    ],
)
def test_require_secure_url_accepts_https_and_local_http(base: str, address: str) -> None:
    require_secure_url(address, new_settings(base), subject="it")


@pytest.mark.parametrize(
    ("base", "address", "reason"),
    [
        (DEFAULT_BASE_URL, "http://anywhere.test", "it would take the API key to anywhere.test in clear"),
        (LOCAL_URL, "http://anywhere.test", "to anywhere.test in clear"),
        (DEFAULT_BASE_URL, LOCAL_URL, "to 127.0.0.1 in clear"),
        (LOCAL_URL, "ftp://127.0.0.1", "to 127.0.0.1 in clear"),
        (DEFAULT_BASE_URL, "//anywhere.test", "to anywhere.test in clear"),
        (DEFAULT_BASE_URL, "http:///x", "to None in clear"),
        (DEFAULT_BASE_URL, "https://[", "it is not an address"),
    ],
)
def test_require_secure_url_rejects_other_urls(base: str, address: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        require_secure_url(address, new_settings(base), subject="it")
    assert caught.value.hint == ("It has to be https." if "in clear" in reason else "")


def test_allow_insecure_accepts_http_but_no_other_scheme() -> None:
    require_secure_url("http://anywhere.test", new_settings(allow_insecure=True), subject="it")
    with pytest.raises(ConfigError, match="in clear"):
        require_secure_url("ftp://anywhere.test", new_settings(allow_insecure=True), subject="it")


@pytest.mark.parametrize("given", ["zork", "ftp://a.example", "https://[odd"])
def test_the_error_for_an_invalid_previous_base_url_names_the_setting(given: str) -> None:
    with pytest.raises(ConfigError, match="the setting `previousBaseUrl` is not an"):
        Settings("https://a.example", "key", "o", "p", previous_base_url=given)
    assert Settings("https://a.example", "key", "o", "p", previous_base_url="http://b.example").account


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://api.ai.neevcloud.com/agent", "https://mcp.sandboxes.as-south-1.ai.neevcloud.com/mcp"),
        ("http://127.0.0.1:4010/agent", None),
        ("https://proxy.example.com/agent", None),
    ],
)
def test_only_the_hosted_api_has_a_hosted_mcp_server(base_url: str, expected: str | None) -> None:
    assert mcp_url(base_url, "as-south-1") == expected
