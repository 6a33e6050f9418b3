"""A small agent: it answers what it is asked, and shows of what it is made."""

import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

WORKSPACE = Path(__file__).resolve().parents[1]


def workspace_digest() -> str:
    """The SHA-256 of every file of the workspace, by path; it is the same wherever the fleet is made."""
    digest = hashlib.sha256()
    for file in sorted(WORKSPACE.rglob("*")):
        if file.is_file():
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{file.relative_to(WORKSPACE)}\0{content}\n".encode())
    return digest.hexdigest()


def answer(question: str) -> str:
    """What a real agent would ask a model; this one knows the words that it was built with."""
    words = json.loads((WORKSPACE / "agent" / "words.json").read_text(encoding="utf-8"))
    return words.get(question, "I do not know that word.")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        question = parse_qs(urlsplit(self.path).query).get("q", [""])[0]
        body = json.dumps({"answer": answer(question), "workspace": workspace_digest()}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
