"""An application in an environment: it answers with its revision, and takes the place of the one before."""

import os
import signal
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
PID = HERE / "pid"
SECONDS = 10


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write((HERE / "revision").read_bytes())


def stop_earlier() -> None:
    """The server that this directory started before is told to end; its number may be another's by now."""
    with suppress(OSError, ValueError):
        pid = int(PID.read_text())
        if Path(f"/proc/{pid}/cwd").readlink() == HERE:
            os.kill(pid, signal.SIGTERM)


def listening(port: int) -> ThreadingHTTPServer:
    """A server that has the port, once the one before has given it up."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            return ThreadingHTTPServer(("", port), Handler)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def main() -> None:
    os.chdir(HERE)
    stop_earlier()
    server = listening(int(sys.argv[1]))
    if os.fork():
        return  # it listens, so the command is done
    PID.write_text(str(os.getpid()))
    with Path("server.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    server.serve_forever()


if __name__ == "__main__":
    main()
