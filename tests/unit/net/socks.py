# SPDX-License-Identifier: Apache-2.0
"""A SOCKS5 proxy that wants a user and a password, takes names alone, and finds each on this machine.

Usage: socks.py   The port is printed; the end of stdin is the end of the proxy.
"""
import os
import socket
import sys
import threading


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise OSError
        data += part
    return data


def read_counted(sock):
    return read_exactly(sock, read_exactly(sock, 1)[0])


def pump(source, sink):
    try:
        while (data := source.recv(65536)):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client):
    read_exactly(client, 1)
    if 2 not in read_counted(client):
        client.sendall(b"\5\xff")
        return
    client.sendall(b"\5\2")
    read_exactly(client, 1)
    right = (read_counted(client), read_counted(client)) == (b"user", b"s3cret")
    client.sendall(b"\1\0" if right else b"\1\1")
    if not right:
        return
    if read_exactly(client, 4)[3] != 3:  # an address, not a name
        client.sendall(b"\5\x08\0\1\0\0\0\0\0\0")
        return
    read_counted(client)
    port = int.from_bytes(read_exactly(client, 2), "big")
    server = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"\5\0\0\1\0\0\0\0\0\0")
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)

    def run(client):
        try:
            serve(client)
        except OSError:
            pass
        finally:
            client.close()

    def end():
        sys.stdin.buffer.read()
        os._exit(0)

    threading.Thread(target=end, daemon=True).start()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=run, args=(client,), daemon=True).start()


main()
