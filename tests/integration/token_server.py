#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A token service for docker-registry's "auth: token", as Docker Hub has one.

    token_server.py --key KEY --cert CERT --user NAME:PASSWORD... [--anonymous ACTIONS]
                    [--issuer I] [--life SECONDS] [--record FILE] [--port N] [--tls CERT KEY]

It signs JSON Web Tokens (RS256, by the openssl command) with KEY; CERT is the registry's
rootcertbundle and travels in the token (x5c). Users may do anything, nobody in particular may do
ACTIONS (none by default). It prints its port when it is ready and lives until its standard input
ends.
"""

import argparse
import base64
import json
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class Signer:
    def __init__(self, key, cert):
        self.key = key
        with open(cert, encoding="ascii") as file:
            self.x5c = base64.b64encode(ssl.PEM_cert_to_DER_cert(file.read())).decode()

    def sign(self, claims):
        header = {"typ": "JWT", "alg": "RS256", "x5c": [self.x5c]}
        text = b".".join(encode(json.dumps(part).encode()) for part in (header, claims))
        done = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text,
                              stdout=subprocess.PIPE, check=True)
        return (text + b"." + encode(done.stdout)).decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def user(self):
        """"" for nobody, None for a wrong password."""
        value = self.headers.get("Authorization", "")
        if not value.startswith("Basic "):
            return ""
        user, _, password = base64.b64decode(value[6:]).decode().partition(":")
        return user if self.users.get(user) == password else None

    def claims(self, user, query):
        now, access = int(time.time()), []
        for scope in query.get("scope", []):
            kind, _, rest = scope.partition(":")
            name, _, actions = rest.rpartition(":")
            granted = [one for one in actions.split(",") if user or one in self.anonymous]
            access.append({"type": kind, "name": name, "actions": granted})
        return {"iss": self.issuer, "sub": user, "aud": query.get("service", [""])[0],
                "iat": now, "nbf": now - 10, "exp": now + self.life, "jti": str(uuid.uuid4()),
                "access": access}

    def do_GET(self):
        user = self.user()
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        if user is None:
            status, answer = 401, {"details": "incorrect username or password"}
        else:
            token = self.signer.sign(self.claims(user, query))
            status, answer = 200, {"token": token, "expires_in": self.life}
        if self.record:
            with open(self.record, "a", encoding="utf-8") as file:
                file.write(f"{self.command} {self.path} {status} {user}\n")
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--key", required=True)
    parser.add_argument("--cert", required=True)
    parser.add_argument("--user", action="append", default=[])
    parser.add_argument("--anonymous", default="")
    parser.add_argument("--issuer", default="token_server")
    parser.add_argument("--life", type=int, default=300)
    parser.add_argument("--record")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    options = parser.parse_args()
    Handler.signer = Signer(options.key, options.cert)
    Handler.users = dict(user.split(":", 1) for user in options.user)
    Handler.anonymous = options.anonymous.split(",")
    Handler.issuer, Handler.life, Handler.record = options.issuer, options.life, options.record
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
