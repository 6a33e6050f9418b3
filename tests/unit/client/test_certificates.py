"""The certificate authorities that are trusted if no setting names them; no test opens a connection."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import certifi
import pytest
import truststore

from neev_provider.client.http.certificates import new_ssl_context, new_system_context
from neev_provider.client.settings import Settings

NAMED = ("SSL_CERT_FILE", "SSL_CERT_DIR")
COUNT = """
from neev_provider.client.http.certificates import new_ssl_context
from neev_provider.client.settings import Settings
context = new_ssl_context(Settings("https://api.test", "key", "org", "project"))
print(context.cert_store_stats()["x509_ca"])
"""
PRINT_AUTHORITY_COUNT = """
from neev_provider.client.http.certificates import new_system_context
print(new_system_context(files=({file!r},)).cert_store_stats()["x509_ca"])
"""


def write_authorities(path: Path, count: int) -> Path:
    """Write the first authorities of certifi."""
    end = "-----END CERTIFICATE-----\n"
    path.write_text(end.join(Path(certifi.where()).read_text().split(end)[:count]) + end)
    return path


def run_python(program: str, **env: str) -> int:
    """Return the number that the program prints; the environment has no other variables for authorities."""
    inherited = {name: value for name, value in os.environ.items() if name not in NAMED}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env={**inherited, **env}, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.parametrize("variable", NAMED)
def test_ssl_cert_file_and_ssl_cert_dir_replace_the_system_authorities(tmp_path: Path, variable: str) -> None:
    named = write_authorities(tmp_path / "three.pem", 3)
    is_file = variable == "SSL_CERT_FILE"
    # a folder is read at the handshake
    assert run_python(COUNT, **{variable: str(named if is_file else tmp_path)}) == (3 if is_file else 0)


def test_the_system_context_uses_the_default_store_of_openssl(tmp_path: Path) -> None:
    file = write_authorities(tmp_path / "one.pem", 1)
    # OpenSSL takes the path of its store from this variable
    assert run_python(PRINT_AUTHORITY_COUNT.format(file="/nowhere"), SSL_CERT_FILE=str(file)) == 1


def test_the_system_file_is_used_if_openssl_finds_no_store(tmp_path: Path) -> None:
    file = write_authorities(tmp_path / "two.pem", 2)
    program = PRINT_AUTHORITY_COUNT.format(file=str(file))
    assert run_python(program, SSL_CERT_FILE="/nowhere", SSL_CERT_DIR="/nowhere") == 2


def test_certifi_is_used_if_the_system_has_no_authorities() -> None:
    program = PRINT_AUTHORITY_COUNT.format(file="/nowhere")
    expected = ssl.create_default_context(cafile=certifi.where()).cert_store_stats()["x509_ca"]
    assert run_python(program, SSL_CERT_FILE="/nowhere", SSL_CERT_DIR="/nowhere") == expected


def test_the_system_authorities_are_trusted_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMED:
        monkeypatch.delenv(name, raising=False)
    context = new_ssl_context(Settings("https://api.test", "key", "org", "project"))
    assert context.get_ca_certs() == new_system_context().get_ca_certs() != []


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_the_system_verifier_is_used_on_macos_and_windows(platform: str) -> None:
    assert isinstance(new_system_context(platform=platform), truststore.SSLContext)
