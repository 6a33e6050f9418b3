"""A proxy that intercepts TLS connections, as in companies, and responds in the place of every server."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import trustme


@dataclass(frozen=True)
class Proxy:
    """A running proxy: its address, and the certificate of the authority that its clients have to trust."""

    address: str
    authority: bytes


@contextmanager
def run_proxy(pages: Mapping[str, bytes]) -> Iterator[Proxy]:
    """Run a proxy that answers with these pages, by host and path, and with 404 for any other."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*{page.partition("/")[0] for page in pages}).configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        host = ""

        def do_CONNECT(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.host = self.path.rpartition(":")[0]
            self.rfile.close()
            try:
                self.connection = context.wrap_socket(self.connection, server_side=True)
            except OSError:  # the client does not trust the authority
                self.close_connection = True
                return
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", 0)  # not buffered
            self.close_connection = False

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def do_GET(self) -> None:
            body = pages.get(self.host + self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("content-type", "application/json" if (body or b"").startswith(b"{") else "text/html")
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body or b"")

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False  # the end waits for them
        Thread(target=server.serve_forever, daemon=True).start()
        yield Proxy(f"http://127.0.0.1:{server.server_port}", authority.cert_pem.bytes())
        server.shutdown()
