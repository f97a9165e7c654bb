# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that misbehaves on demand; the path of a request says how.

Usage: server.py [CERTIFICATE KEY [old | client:AUTHORITY]]   The port is printed; the end of stdin is the end of the server.

It works on bare sockets, since no library sends what is needed here. One thread per connection;
every request is logged, and GET /log gives the log and empties it.
"""
import os
import socket
import ssl
import struct
import sys
import threading
import time
import warnings
from urllib.parse import unquote, urlsplit

lock = threading.Lock()
log = []
counts = {}
busy = [0, 0]  # now, and at most


class Gone(Exception):
    """The connection is to be closed."""


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.file = sock.makefile("rb", 1 << 16)
        self.dying = False

    def send(self, data):
        self.sock.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def answer(self, status, body=b"", headers=()):
        lines = [f"HTTP/1.1 {status} Text", f"Content-Length: {len(body)}", *headers]
        if self.method == "HEAD":
            body = b""
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def read_head(self):
        line = self.file.readline(65536)
        if not line:
            raise Gone
        if line[0] == 0x16:  # a TLS handshake
            self.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            raise Gone
        self.method, self.target, _ = line.decode("latin-1").split()
        self.headers = []
        while (line := self.file.readline(65536).decode("latin-1").rstrip("\r\n")):
            self.headers.append(line)

    def header(self, name):
        for line in self.headers:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    def read_body(self):
        size = int(self.header("Content-Length") or 0)
        parts = []
        while size:
            part = self.file.read(min(size, 1 << 20))
            if not part:
                raise Gone
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def serve(self):
        try:
            while True:
                self.read_head()
                if self.dying:
                    self.reset()
                with lock:
                    if not self.target.startswith("/log"):
                        log.append(f"{self.method} {self.target} {self.header('Authorization')}")
                url = urlsplit(self.target)
                words = url.path.strip("/").split("/")
                handler = getattr(self, "do_" + words[0].replace("-", "_"), None)
                if handler is None:
                    self.read_body()
                    self.answer(404, b"no such page")
                else:
                    handler(unquote(url.query), *words[1:])
        except (Gone, OSError, ValueError):
            pass
        finally:
            try:
                self.file.close()
                self.sock.close()
            except OSError:
                pass

    # Well behaved.

    def do_log(self, query):
        with lock:
            text = "".join(line + "\n" for line in log)
            log.clear()
            counts.clear()
        self.answer(200, text.encode("latin-1"))

    def do_echo(self, query, *more):
        body = self.read_body()
        head = "\n".join([f"{self.method} {self.target}", *self.headers, self.client_line()])
        self.answer(200, head.encode("latin-1") + b"\n\n" + body, ["X-Echo:  yes \t", "X-Two: 1", "x-two: 2"])

    def client_line(self):
        """Who has shown a certificate, and whether the session is an old one."""
        tls = isinstance(self.sock, ssl.SSLSocket)
        shown = self.sock.getpeercert() if tls else None
        return "\n".join(["Client: " + (shown["subject"][0][0][1] if shown else "none"),
                          "Session: " + ("old" if tls and self.sock.session_reused else "new"),
                          "Port: " + str(self.sock.getpeername()[1])])

    def do_status(self, query, status):
        self.read_body()
        self.answer(int(status), b"because", [query] if query else [])

    def do_bytes(self, query, size):
        self.answer(200, bytes(i % 251 for i in range(4096)) * (int(size) // 4096))

    def do_piecemeal(self, query, size, pieces):
        self.send(f"HTTP/1.1 200 Text\r\nContent-Length: {int(size) * int(pieces)}\r\n\r\n")
        for _ in range(int(pieces)):
            self.send("z" * int(size))
            time.sleep(0.02)

    def do_chunked(self, query, size):
        self.send("HTTP/1.1 200 Text\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n")
        for _ in range(int(size)):
            self.send("1\r\nx\r\n")
        self.send("0\r\nX-T: 1\r\n\r\n")

    def do_busy(self, query, seconds):
        """How many are here at the same time?"""
        with lock:
            busy[0] += 1
            busy[1] = max(busy)
        time.sleep(float(seconds))
        with lock:
            busy[0] -= 1
        self.answer(200)

    def do_busiest(self, query):
        with lock:
            most, busy[1] = busy[1], 0
        self.answer(200, str(most).encode())

    def do_sum(self, query):
        body = self.read_body()
        self.answer(201, str(sum(body[:: 4096])).encode() + b" " + str(len(body)).encode())

    def do_redirect(self, query, status):
        self.read_body()
        self.answer(int(status), b"elsewhere", ["Location: " + query])

    def do_to_itself(self, query):
        self.answer(302, b"", ["Location: to-itself"])

    def do_interim(self, query, count):
        self.read_body()
        self.send("HTTP/1.1 103 Early\r\nX-Early: 1\r\n\r\n" * int(count))
        self.answer(200, b"at last")

    def do_folded(self, query):
        self.send("HTTP/1.1 200 Text\r\nX-A: one\r\n  two\r\nContent-Length: 0\r\n\r\n")

    def do_interim_only(self, query):
        self.send("HTTP/1.1 103 Early\r\n\r\n")
        raise Gone

    # Ill behaved for a while: /flaky/NAME/TIMES/HOW, then "ok".

    def do_flaky(self, query, name, times, how):
        self.read_body()
        with lock:
            counts[name] = counts.get(name, 0) + 1
            count = counts[name]
        if count > int(times):
            self.answer(200, b"ok")
        elif how == "reset":
            self.reset()
        elif how == "close":
            raise Gone
        elif how == "partial":
            self.send("HTTP/1.1 200 Text\r\nContent-Length: 10\r\n\r\nabc")
            raise Gone
        elif how == "silent":
            time.sleep(30)
        else:
            self.answer(int(how), b"not now", [query] if query else [])

    # Large bodies.

    def do_expect(self, query, how, *more):
        expects = self.header("Expect")
        if how == "417" and expects or how.startswith("4") and how != "417":
            self.answer(int(how), b"refused", ["Connection: close"])
            raise Gone
        if how == "yes" and expects:
            self.send("HTTP/1.1 100 Continue\r\n\r\n")
        begun = time.monotonic()
        first = self.file.peek(1)
        waited = time.monotonic() - begun > 0.8
        body = self.read_body()
        text = f"{'expects' if expects else 'plain'} {'late' if waited else 'at once'} {len(body)}"
        self.answer(201 if first else 400, text.encode())

    # Ill behaved.

    def do_dying(self, query):
        """The next request finds the connection dead."""
        self.dying = True
        self.answer(200, b"x")

    def do_early(self, query, status):
        self.answer(int(status), b"too early", ["Connection: close"])
        if query == "linger":
            time.sleep(0.3)
        raise Gone

    def do_large(self, query, status):
        self.send(f"HTTP/1.1 {status} Text\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            self.send("1000\r\n" + "y" * 4096 + "\r\n")

    def do_promise(self, query, size):
        self.send(f"HTTP/1.1 200 Text\r\nContent-Length: {size}\r\n\r\n")
        time.sleep(30)

    def do_short(self, query, size):
        self.send(f"HTTP/1.1 200 Text\r\nContent-Length: {size}\r\n\r\nabc")
        raise Gone

    def do_stall(self, query):
        self.send("HTTP/1.1 200 Text\r\nContent-Length: 1000\r\n\r\nabc")
        time.sleep(30)

    def do_drip(self, query):
        self.send("HTTP/1.1 200 Text\r\nX-Long: ")
        while True:
            self.send("x")
            time.sleep(0.02)

    def do_slow_put(self, query, seconds):
        self.read_body()
        time.sleep(float(seconds))
        self.answer(201)

    def do_unread(self, query):
        time.sleep(30)

    def do_lines(self, query, count):
        self.read_body()
        self.answer(200, b"x", [f"X-{i}: y" for i in range(int(count))])

    def do_long_line(self, query, size):
        self.answer(200, b"x", ["X-Long: " + "y" * int(size)])

    def do_endless(self, query):
        self.send("HTTP/1.1 200 Text\r\n")
        while True:
            self.send("X-Long: " + "y" * 4096 + "\r\n")

    def do_endless_line(self, query):
        self.send("HTTP/1.1 200 Text\r\nX-Long: ")
        while True:
            self.send("y" * 4096)

    def do_endless_interim(self, query):
        while True:
            self.send("HTTP/1.1 103 Early\r\n\r\n")

    def do_endless_trailer(self, query):
        self.send("HTTP/1.1 200 Text\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
        while True:
            self.send("X-Long: " + "y" * 4096 + "\r\n")

    def do_endless_chunk_extension(self, query):
        self.send("HTTP/1.1 200 Text\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        while True:
            self.send("y" * 4096)

    def do_slow_interim(self, query):
        while True:
            self.send("HTTP/1.1 102 Wait\r\n\r\n")
            time.sleep(0.05)

    def do_slow_body(self, query):
        self.send("HTTP/1.1 200 Text\r\nContent-Length: 60000\r\n\r\n")
        while True:
            self.send("x")
            time.sleep(0.02)

    def do_raw(self, query):
        """These bytes, and the end."""
        self.send(query.replace("\\n", "\r\n"))
        raise Gone

    def do_garbage(self, query):
        self.send("SSH-2.0-OpenSSH_9\r\n")
        raise Gone

    def do_bad_chunk(self, query):
        self.send("HTTP/1.1 200 Text\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n")
        raise Gone


def main():
    context = None
    if len(sys.argv) > 2:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        mode = sys.argv[3] if len(sys.argv) > 3 else ""
        if mode.startswith("client:"):  # a certificate of this authority is asked for
            context.verify_mode = ssl.CERT_OPTIONAL
            context.load_verify_locations(mode[7:])
        if mode == "old":
            warnings.simplefilter("ignore")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)

    def end():
        sys.stdin.buffer.read()
        os._exit(0)

    def serve(sock):
        try:
            if context:
                sock = context.wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            return
        Connection(sock).serve()

    threading.Thread(target=end, daemon=True).start()
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


main()
