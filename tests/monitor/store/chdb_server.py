"""Speaks ClickHouse's HTTP for chdb, which is the same engine without a server: `chdb_server.py PORT FOLDER`."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from chdb.session import Session

NOT_SETTINGS = {"database", "query", "wait_end_of_query"}


class Handler(BaseHTTPRequestHandler):
    """One statement a request, its settings set before it, as the real server does."""

    session: Session

    def do_GET(self):
        self.answer(200, b"Ok.\n")

    def do_POST(self):
        given = dict(parse_qsl(urlsplit(self.path).query))
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        statement = f"{given['query']}\n{body}" if "query" in given else body
        try:
            if "database" in given:
                self.session.query(f"USE {given['database']}")
            for name, value in given.items():
                if name not in NOT_SETTINGS:
                    self.session.query(f"SET {name} = '{value}'")
            self.answer(200, self.session.query(statement).bytes() or b"")
        except Exception as fault:  # noqa: BLE001 - whatever the engine says is the answer
            self.answer(500, str(fault).encode())

    def answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    from chdb.session import Session

    Handler.session = Session(sys.argv[2])
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
