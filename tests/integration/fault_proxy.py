#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that breaks what passes through it.

    fault_proxy.py HOST:PORT [--up FAULT]... [--down FAULT]... [--count FILE]

It prints its port when it is ready and lives until its standard input ends. --up is for what the
client sends, --down for what it gets. A FAULT is

    cut:N[:TIMES]     close both sides once N bytes have passed on a connection
    reset:N[:TIMES]   the same, so that the peers see a connection reset
    stall:N[:TIMES]   let N bytes pass, and then nothing until the client goes away
    drip:N:MS         let N bytes pass every MS milliseconds

where N counts per connection and direction, and TIMES is how many connections it happens to, the
first ones that get so far; all of them without it. FILE gets a line "up BYTES down BYTES
connections COUNT faults COUNT" whenever a connection ends.
"""

import argparse
import os
import socket
import struct
import sys
import threading
import time


class Fault:
    def __init__(self, text):
        self.kind, *numbers = text.split(":")
        self.bytes = int(numbers[0])
        self.more = int(numbers[1]) if len(numbers) > 1 else 1 << 30
        if self.kind not in ("cut", "reset", "stall", "drip") or self.bytes < 1:
            raise ValueError(text)
        self.lock = threading.Lock()

    def strikes(self):
        """Is it the turn of this connection?"""
        with self.lock:
            self.more -= 1
            return self.more >= 0


class Counts:
    def __init__(self, path):
        self.path, self.lock = path, threading.Lock()
        self.bytes = {"up": 0, "down": 0}
        self.connections = self.faults = 0

    def write(self):
        if not self.path:
            return
        with open(self.path + ".new", "w", encoding="ascii") as file:
            print(f"up {self.bytes['up']} down {self.bytes['down']} "
                  f"connections {self.connections} faults {self.faults}", file=file)
        os.replace(self.path + ".new", self.path)


class Connection:
    def __init__(self, client, server, faults, counts):
        self.sides = {"up": (client, server), "down": (server, client)}
        self.faults, self.counts = faults, counts
        self.open = 2
        with counts.lock:
            counts.connections += 1
        for direction in self.sides:
            threading.Thread(target=self.pump, args=(direction,), daemon=True).start()

    def close(self, reset=False):
        for side in self.sides["up"]:
            try:
                if reset:
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    side.close()
                else:
                    side.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def strike(self, fault):
        with self.counts.lock:
            self.counts.faults += 1
        if fault.kind == "stall":
            threading.Event().wait(3600)
        self.close(fault.kind == "reset")

    def pump(self, direction):
        source, target = self.sides[direction]
        passed = 0
        faults = [fault for fault in self.faults[direction] if fault.kind != "drip"]
        drips = [fault for fault in self.faults[direction] if fault.kind == "drip"]
        try:
            while True:
                limit = min([65536] + [fault.bytes for fault in drips] +
                            [fault.bytes - passed for fault in faults])
                data = source.recv(limit)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    break
                target.sendall(data)
                passed += len(data)
                with self.counts.lock:
                    self.counts.bytes[direction] += len(data)
                for fault in [fault for fault in faults if fault.bytes == passed]:
                    faults.remove(fault)
                    if fault.strikes():
                        self.strike(fault)
                        return
                for fault in drips:
                    time.sleep(fault.more / 1000)
        except OSError:
            self.close()
        finally:
            self.end()

    def end(self):
        with self.counts.lock:
            self.open -= 1
            self.counts.write()
            if self.open == 0:
                for side in self.sides["up"]:
                    side.close()


def accept(listener, target, faults, counts):
    while True:
        client, _ = listener.accept()
        try:
            server = socket.create_connection(target)
        except OSError:
            client.close()
            continue
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Connection(client, server, faults, counts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("target")
    parser.add_argument("--up", type=Fault, action="append", default=[])
    parser.add_argument("--down", type=Fault, action="append", default=[])
    parser.add_argument("--count")
    options = parser.parse_args()
    host, _, port = options.target.rpartition(":")
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    counts = Counts(options.count)
    counts.write()
    faults = {"up": options.up, "down": options.down}
    threading.Thread(target=accept, args=(listener, (host, int(port)), faults, counts),
                     daemon=True).start()
    print(listener.getsockname()[1], flush=True)
    sys.stdin.read()


main()
