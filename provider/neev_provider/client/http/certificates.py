"""The certificate authorities that a connection trusts."""

import os
import ssl
import sys

import certifi
import httpx

from neev_provider.client.settings import Settings
from neev_provider.core.errors import ConfigError

SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where distributions of Linux keep the authorities of the machine, in one file."""


def new_ssl_context(settings: Settings) -> ssl.SSLContext:
    """Return a context that trusts the bundle of the settings, else that of the environment, else the system's store.

    Raises:
        ConfigError: a file cannot be read as certificates.
    """
    named = f"the setting `caBundle` {settings.ca_bundle}" if settings.ca_bundle else "SSL_CERT_FILE"
    try:
        if settings.ca_bundle:
            return ssl.create_default_context(cafile=settings.ca_bundle)
        if os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
            return httpx.create_ssl_context()
        return new_system_context()
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{named} cannot be read as certificates: {error}") from None


def new_system_context(*, platform: str = sys.platform, files: tuple[str, ...] = SYSTEM_FILES) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, or those of certifi where the system has none."""
    if platform in ("darwin", "win32"):
        import truststore  # noqa: PLC0415  only these systems check certificates themselves

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context()
    # a Python that was built on another distribution has its authorities in other places
    if not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(next(filter(os.path.isfile, files), certifi.where()))
    return context
