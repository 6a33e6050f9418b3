"""A server in front of the API that writes the content type in another way."""

import http.client
import http.server
import os
import urllib.parse

target = urllib.parse.urlsplit(os.environ["NEEV_BASE_URL"])


class Between(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        upstream = http.client.HTTPConnection(target.hostname, target.port, timeout=60)
        upstream.request(
            self.command, self.path, self.rfile.read(length) if length else None, dict(self.headers.items())
        )
        answer = upstream.getresponse()
        body = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value.replace("application/json", "Application/JSON"))
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
print(server.server_port, flush=True)
server.serve_forever()
