"""An emulator that isolates sandboxes, through its API and its command."""

import os
import socket
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpers.killed_emulator import open_runtime_client, start_killable, wait_until_ready
from neev_emulator import Emulator, IsolationUnavailableError, serve

RUN = [sys.executable, "-c", "from neev_emulator.cli import main; main()"]
FETCH = """
import sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        print(urllib.request.urlopen(url, timeout=30).read().decode())
    except urllib.error.HTTPError as error:
        print(error.code)
"""
