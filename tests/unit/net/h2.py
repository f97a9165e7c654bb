# SPDX-License-Identifier: Apache-2.0
"""A server whose HTTP/2 is broken in the way that is asked for, and whose HTTP/1.1 is well.

Usage: h2.py CERTIFICATE KEY MODE   The port is printed; the end of stdin is the end of the server.

To a request over HTTP/2: "reset CODE" ends the stream, "goaway CODE" the connection and says that the
stream was not processed, "close" says nothing, "garbage" is no answer, "cut" is half of one, "fine" is
one. Over HTTP/1.1: how many requests there were over HTTP/2 and how many over HTTP/1.1.
"""
import os
import socket
import ssl
import struct
import sys
import threading

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
counts = [0, 0]


def frame(kind, flags, stream, payload=b""):
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise OSError
        data += part
    return data


def answer_stream(sock, stream, mode):
    """False: the connection is to end."""
    what, _, code = mode.partition(" ")
    if what == "reset":
        sock.sendall(frame(RST_STREAM, 0, stream, struct.pack(">I", int(code))))
    elif what == "goaway":
        sock.sendall(frame(GOAWAY, 0, 0, struct.pack(">II", 0, int(code))))
    elif what == "garbage":
        sock.sendall(frame(DATA, 0, 0, b"abcd"))
    elif what == "cut":
        sock.sendall(frame(HEADERS, 4, stream, b"\x88") + frame(DATA, 0, stream, b"half"))
    elif what == "fine":
        sock.sendall(frame(HEADERS, 4, stream, b"\x88") + frame(DATA, 1, stream, b"HTTP/2"))
    return what in ("reset", "fine")


def serve_http2(sock, mode):
    read_exactly(sock, len(PREFACE))
    sock.sendall(frame(SETTINGS, 0, 0))
    while True:
        head = read_exactly(sock, 9)
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        read_exactly(sock, int.from_bytes(head[:3], "big"))
        if kind == SETTINGS and not flags & 1:
            sock.sendall(frame(SETTINGS, 1, 0))
        if kind == HEADERS:
            counts[0] += 1
            if not answer_stream(sock, stream, mode):
                return


def serve_http1(sock):
    file = sock.makefile("rb")
    while file.readline():
        size = 0
        while (line := file.readline().strip().lower()):
            if line.startswith(b"content-length:"):
                size = int(line[15:])
        file.read(size)
        counts[1] += 1
        body = f"{counts[0]} over HTTP/2, {counts[1]} over HTTP/1.1, body {size}".encode()
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    context.set_alpn_protocols(["h2", "http/1.1"])
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)

    def serve(sock):
        try:
            sock = context.wrap_socket(sock, server_side=True)
            if sock.selected_alpn_protocol() == "h2":
                serve_http2(sock, sys.argv[3])
            else:
                serve_http1(sock)
        except OSError:
            pass
        finally:
            sock.close()

    def end():
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=serve, args=(sock,), daemon=True).start()


main()
