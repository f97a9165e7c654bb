#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stands in front of a registry, writes down what it is asked, and takes its time.

    record_proxy.py --to HOST:PORT [--route /PREFIX=HOST:PORT]... [--delay SECONDS] [--record FILE]
                    [--port N]

A request goes on to the server whose PREFIX its path has, else to --to; with the Host of the client,
so that what the server answers leads back here. Each is a line of the record: METHOD TARGET STATUS and
the bytes of both bodies. --delay is how long each is held back. Bodies are streamed. It prints its port
when it is ready and lives until its standard input ends.
"""

import argparse
import http.client
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = 256 * 1024
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024

    def log_message(self, *arguments):
        pass

    def handle_expect_100(self):
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def body(self):
        """The pieces of the request's body."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while True:
                left = int(self.rfile.readline().split(b";")[0], 16)
                if left == 0:
                    self.rfile.readline()
                    return
                yield self.rfile.read(left)
                self.rfile.readline()
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            data = self.rfile.read(min(left, CHUNK))
            if not data:
                raise ConnectionError("the client went away")
            left -= len(data)
            yield data

    def counted_body(self):
        for data in self.body():
            self.sent += len(data)
            yield data

    def connection_to(self, address):
        kept = self.__dict__.setdefault("kept", {})
        if address not in kept:
            kept[address] = http.client.HTTPConnection(address, timeout=120)
        return kept[address]

    def address(self):
        for prefix, address in self.routes:
            if self.path.startswith(prefix):
                return address
        return self.to

    def forward(self, connection):
        headers = {name: ", ".join(self.headers.get_all(name)) for name in self.headers
                   if name.lower() not in HOP_BY_HOP and name.lower() != "expect"}
        chunked = "Transfer-Encoding" in self.headers
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        has_body = chunked or int(self.headers.get("Content-Length") or 0) > 0
        connection.request(self.command, self.path, headers=headers, encode_chunked=chunked,
                           body=self.counted_body() if has_body else None)
        return connection.getresponse()

    def serve(self):
        self.sent = received = 0
        time.sleep(self.delay)
        answer = self.forward(self.connection_to(self.address()))
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        bare = self.command == "HEAD" or answer.status in (204, 304)
        chunked = not bare and answer.getheader("Content-Length") is None
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while data := answer.read(CHUNK):
            received += len(data)
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        self.note(f"{self.command} {self.path} {answer.status} {self.sent} {received}")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def note(self, line):
        if self.record:
            with self.lock:
                self.record.write(line + "\n")
                self.record.flush()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients and servers that go away are none of our errors."""
        if not isinstance(sys.exc_info()[1], (OSError, http.client.HTTPException)):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--to", required=True)
    parser.add_argument("--route", action="append", default=[])
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--record")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    Handler.to, Handler.delay = options.to, options.delay
    Handler.routes = [route.split("=", 1) for route in options.route]
    Handler.record = open(options.record, "a", encoding="utf-8") if options.record else None
    Handler.lock = threading.Lock()
    server = Server(("127.0.0.1", options.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
