"""A web server on this machine that answers as a test wants."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class LocalServer:
    """Runs from when it is made until `close`; `reply` is what a subclass says."""

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                outer.reply(self)

            def do_GET(self) -> None:
                outer.reply(self)

            def do_POST(self) -> None:
                outer.reply(self)

            def do_PUT(self) -> None:
                outer.reply(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        raise AssertionError("a subclass answers")

    def close(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
