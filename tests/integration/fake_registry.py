#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A registry in memory that misbehaves on command, and remembers what it was asked.

    fake_registry.py [--script FILE] [--record FILE] [--port N] [--tls CERT KEY]

It prints its port when it is ready and lives until its standard input ends. By itself it does what
the distribution API says: blobs, uploads, mounts, manifests, tags, and a token service at /token.

FILE is JSON: {"auth": AUTH, "rules": [RULE, ...], "uploads": UPLOADS}, all optional. In all its texts {base} stands
for http://127.0.0.1:PORT, and {cdn} for another port of the same server, which needs no token and
has the blobs at /cdn/SIGNATURE/REPOSITORY/DIGEST.

More of the script: "page" (N: no more names in a page), "untag" (false: tags can't be deleted),
"referrers" (true: the referrers API is there; "filters": true, it obeys artifactType).

AUTH: {"scheme": "basic"|"bearer", "users": {"name": "password"}, "challenge": "..." (instead of the
usual one), "realm": "...", "refresh": {"refresh token": "user"}, "post": false (no POST at the token
service), "grant": {"name": {"repository": ["pull", "push"], "*": [...]}} ("" is anonymous; users
without an entry may do anything), "uses": N (requests that a token lives for), "expires_in": N,
"get": false (no GET at the token service), "rotate": true (a refresh token is good for one use, the answer
has the next one), "first_scope": true (the token service reads no scope but the first)}

RULE: {"method": "GET", "path": "regular expression for all of the path", "query": "one to be found
in the query", "skip": N (matches that pass first), "times": N (matches that do not)} and what to do:
    "status", "headers", "body"  answer this instead
    "set"        {"Header": "value" or null} on top of the usual answer
    "truncate"   N: promise all of the body, send N bytes, close
    "reset"      true: and close so that the peer sees the connection reset
    "hold"       N: send N bytes of the body and then nothing, until the peer goes away
    "stop"       N: read N bytes of the request's body, close without an answer
    "corrupt"    true: change the last byte of the body
    "ranges"     false: answer with all of the blob, whatever range was asked for
    "encode"     true: send the body packed, as Content-Encoding: gzip says
    "head_body"  true: answer HEAD with a body
    "signed"     N: redirect to the other origin, {cdn}, with a URL that is good for N requests;
                 "stale": true: always with the same one
    "delay"      seconds before the answer

UPLOADS: which registry uploads are like. By itself a session takes PUT, PATCH in a stream and PATCH
in pieces, keeps what a broken request brought, and tells how far it is:
    "location"   "path" (usual), "absolute", "relative", "scheme" (//host), "other" ({cdn}, no token)
    "old"        a Location from before the last bytes came: "refused" (416), "fatal" (404, and the
                 session is gone, as docker-registry 2.8 does); status may be asked with it only if
                 it is neither
    "cut"        "lost": the session is gone after a broken request; "dropped": what it brought is
    "max", "max_header"   bytes of a body that are too many (413); sent as OCI-Chunk-Max-Length
    "min", "min_header"   bytes of a piece that are too few; sent as OCI-Chunk-Min-Length (a text)
    "put"        false: a PUT with a body is refused (405)
    "stream"     false: so is PATCH without Content-Range (400)
    "pieces"     false: so is PATCH with it (400); N: only with more than N bytes (416)
    "status"     false: no GET of a session (405)
    "range"      "first": it stays at the end of the first piece (ECR)
    "patched"    the status of a PATCH, instead of 202
    "single"     true: POST with digest and body is all it takes
    "mounts"     "anonymous": without "from" too
    "tags"       true: PUT of a manifest by digest makes the tags of its query

Each request is a line of the record: METHOD TARGET STATUS, then Name=[value] for some headers.
"""

import argparse
import base64
import gzip
import hashlib
import json
import re
import secrets
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = r"(?P<name>[a-z0-9._/-]+?)"
RECORDED = ("Authorization", "Content-Type", "Content-Length", "Accept", "Accept-Encoding",
            "User-Agent", "Range", "If-Range", "If-None-Match", "Content-Range",
            "If-Match", "X-Team")


def digest_of(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


class State:
    def __init__(self, script, record):
        self.lock = threading.Lock()
        self.auth = script.get("auth")
        self.rules = script.get("rules", [])
        self.script = script
        self.record = open(record, "a", encoding="utf-8") if record else None
        self.blobs = {}  # repository -> {digest: bytes}
        self.manifests = {}  # repository -> {digest or tag: (type, bytes)}
        self.uploads = {}  # session -> Upload
        self.habits = script.get("uploads", {})
        self.sessions = 0
        self.tokens = {}  # token -> [scopes, uses left]
        self.hits = {}  # rule -> matches
        self.signatures = {}  # signature -> requests left

    def rule_for(self, method, path, query):
        with self.lock:
            for number, rule in enumerate(self.rules):
                if rule.get("method", method) != method:
                    continue
                if not re.fullmatch(rule.get("path", ".*"), path):
                    continue
                if not re.search(rule.get("query", ""), query):
                    continue
                hit = self.hits[number] = self.hits.get(number, 0) + 1
                skip = rule.get("skip", 0)
                if skip < hit <= skip + rule.get("times", 1 << 30):
                    return rule
        return {}

    def remember(self, line):
        if self.record:
            with self.lock:
                self.record.write(line + "\n")
                self.record.flush()


class Upload:
    def __init__(self, name):
        self.name, self.data, self.first = name, b"", 0


class Refused(Exception):
    def __init__(self, status, code, message, headers=None):
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    routes = (
        (r"/token", "token"),
        (r"/v2/", "welcome"),
        (rf"/v2/{NAME}/manifests/(?P<reference>[^/]+)", "manifest"),
        (rf"/v2/{NAME}/blobs/uploads/", "begin"),
        (rf"/v2/{NAME}/blobs/uploads/(?P<session>[^/]+)", "upload"),
        (rf"/v2/{NAME}/blobs/(?P<digest>[^/]+)", "blob"),
        (rf"/v2/{NAME}/tags/list", "tags"),
        (r"/v2/_catalog", "catalog"),
        (rf"/v2/{NAME}/referrers/(?P<digest>[^/]+)", "referrers"),
        (rf"/cdn/(?P<signature>[^/]+)/{NAME}/(?P<digest>[^/]+)", "signed_blob"),
    )

    def log_message(self, *arguments):
        pass

    def handle(self):
        """Closes at once if a client tries TLS where there is none, instead of waiting for a line."""
        if self.plain and self.connection.recv(1, socket.MSG_PEEK) == b"\x16":
            return
        super().handle()

    # One request.

    def serve(self):
        self.path_only, _, self.query_text = self.path.partition("?")
        self.query = dict(urllib.parse.parse_qsl(self.query_text, keep_blank_values=True))
        rule = self.state.rule_for(self.command, self.path_only, self.query_text)
        if "stop" in rule:
            size = int(self.headers.get("Content-Length") or 0)
            self.keep(self.rfile.read(min(rule["stop"], size)))
            self.note(0)
            self.give_up()
            return
        size = int(self.headers.get("Content-Length") or 0)
        self.body = self.read(size)
        if len(self.body) < size:
            self.keep(self.body)
            self.note(0)
            self.close_connection = True
            return
        time.sleep(rule.get("delay", 0))
        if "status" in rule:
            status, headers = rule["status"], dict(rule.get("headers", {}))
            body = self.fill(rule.get("body", "")).encode()
        else:
            status, headers, body = self.answer()
        if "signed" in rule and status == 200:
            status, headers, body = self.sign(rule)
        headers.update(rule.get("set", {}))
        is_blob = re.match("/v2/.*/blobs/|/cdn/", self.path_only)
        if self.command == "GET" and status == 200 and is_blob and rule.get("ranges", True):
            status, body = self.cut_range(headers, body)
        self.send(status, headers, body, rule)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    @property
    def port_of_other(self):
        return self.cdn.endswith(f":{self.server.server_port}")

    def fill(self, text):
        return text.replace("{base}", self.base).replace("{cdn}", self.cdn)

    def note(self, status):
        headers = "".join(f" {name}=[{self.headers[name]}]" for name in RECORDED
                          if name in self.headers)
        self.state.remember(f"{self.command} {self.path} {status}{headers}")

    def give_up(self):
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(2)

    def send(self, status, headers, body, rule):
        self.note(status)
        if rule.get("corrupt") and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        if rule.get("encode"):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        self.send_response(status)
        headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    self.send_header(name, self.fill(one))
        self.end_headers()
        if self.command != "HEAD" or rule.get("head_body"):
            self.wfile.write(body[:rule.get("truncate", rule.get("hold", len(body)))])
        if "hold" in rule:
            self.wfile.flush()
            self.connection.recv(1)
            self.close_connection = True
        if rule.get("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif "truncate" in rule:
            self.give_up()

    def sign(self, rule):
        """A redirect to where the same blob is for a while."""
        with self.state.lock:
            count = len(self.state.signatures)
            if not rule.get("stale") or count == 0:
                count += 1
                self.state.signatures[f"s{count}"] = rule["signed"]
        name, digest = re.fullmatch(r"/v2/(.*)/blobs/([^/]+)", self.path_only).groups()
        return 307, {"Location": f"{{cdn}}/cdn/s{count}/{name}/{digest}"}, b""

    def cut_range(self, headers, body):
        """What a request with Range gets."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        condition = self.headers.get("If-Range")
        if not asked or condition not in (None, headers.get("ETag")):
            return 200, body
        first, last = int(asked[1]), int(asked[2] or len(body) - 1)
        if first >= len(body):
            headers.setdefault("Content-Range", f"bytes */{len(body)}")
            return 416, b""
        last = min(last, len(body) - 1)
        headers.setdefault("Content-Range", f"bytes {first}-{last}/{len(body)}")
        return 206, body[first:last + 1]

    def answer(self):
        try:
            for pattern, name in self.routes:
                match = re.fullmatch(pattern, self.path_only)
                if match:
                    with self.state.lock:
                        return getattr(self, name)(**match.groupdict())
            raise Refused(404, "NOT_FOUND", "no such route")
        except Refused as error:
            body = {"errors": [{"code": error.code, "message": str(error), "detail": None}]}
            headers = {"Content-Type": "application/json", **error.headers}
            return error.status, headers, json.dumps(body).encode()

    # Who may.

    def basic_user(self):
        """The user whose password is right, "" for nobody, None for a wrong one."""
        value = self.headers.get("Authorization", "")
        if not value.startswith("Basic "):
            return ""
        user, _, password = base64.b64decode(value[6:]).decode().partition(":")
        return user if self.state.auth["users"].get(user) == password else None

    def granted(self, user, repository):
        grant = self.state.auth.get("grant", {})
        if user not in grant:
            return {"pull", "push"} if user else set()
        return set(grant[user].get(repository, grant[user].get("*", ())))

    def need(self, scopes, kind="repository"):
        """scopes: {repository: actions}."""
        auth = self.state.auth
        if not auth:
            return
        wanted = " ".join(f"{kind}:{name}:{','.join(actions)}"
                          for name, actions in scopes.items())
        if auth["scheme"] == "basic":
            user = self.basic_user()
            if not user:
                raise Refused(401, "UNAUTHORIZED", "authentication required",
                              {"WWW-Authenticate": auth.get("challenge", 'Basic realm="fake"')})
            if any(not set(actions) <= self.granted(user, name)
                   for name, actions in scopes.items()):
                raise Refused(403, "DENIED", "requested access to the resource is denied")
            return
        challenge = f'Bearer realm="{auth.get("realm", "{base}/token")}",service="fake"'
        if wanted:
            challenge += f',scope="{wanted}"'
        value = self.headers.get("Authorization", "")
        token = self.state.tokens.get(value[7:]) if value.startswith("Bearer ") else None
        if token and token[1] > 0:
            token[1] -= 1
            held = token[0]
            if all(set(actions) <= held.get(name, set()) for name, actions in scopes.items()):
                return
            challenge += ',error="insufficient_scope"'
        elif value:
            challenge += ',error="invalid_token"'
        raise Refused(401, "UNAUTHORIZED", "authentication required",
                      {"WWW-Authenticate": auth.get("challenge", challenge)})

    @staticmethod
    def form_user(auth, form):
        """Whose refresh token, or name and password, a form has."""
        if form.get("grant_type") == "password":
            user = form.get("username")
            return user if auth["users"].get(user) == form.get("password") else None
        return auth.get("refresh", {}).get(form.get("refresh_token"))

    def token(self):
        auth = self.state.auth or {"users": {}}
        form = dict(urllib.parse.parse_qsl(self.body.decode()))
        if self.command == "POST":
            if auth.get("post") is False:
                raise Refused(405, "UNSUPPORTED", "no POST here")
            user = self.form_user(auth, form)
            scopes = form.get("scope", "").split()
            if not user:
                return 400, {}, b'{"error":"invalid_grant","error_description":"unknown token"}'
        else:
            if auth.get("get") is False:
                raise Refused(405, "UNSUPPORTED", "no GET here")
            user = self.basic_user()
            scopes = [value for name, value in urllib.parse.parse_qsl(self.query_text)
                      if name == "scope"]
            if user is None:
                raise Refused(401, "UNAUTHORIZED", "incorrect username or password")
        held = {}
        for scope in scopes[:1] if auth.get("first_scope") else scopes:
            _, name, actions = scope.split(":")
            held.setdefault(name, set()).update(set(actions.split(",")) & self.granted(user, name))
        value = f"token-{len(self.state.tokens) + 1}-{secrets.token_hex(4)}"
        self.state.tokens[value] = [held, auth.get("uses", 1 << 30)]
        answer = {"token": value, "expires_in": auth.get("expires_in", 300)}
        if auth.get("rotate") and "refresh_token" in form:
            answer["refresh_token"] = f"refresh-{secrets.token_hex(4)}"
            auth["refresh"] = {answer["refresh_token"]: user}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    # The API.

    def welcome(self):
        self.need({})
        return 200, {}, b"{}"

    def manifest(self, name, reference):
        manifests = self.state.manifests.setdefault(name, {})
        if self.command == "PUT":
            self.need({name: ["pull", "push"]})
            digest = digest_of(self.body)
            if ":" in reference and digest_of(self.body, reference.split(":")[0]) != reference:
                raise Refused(400, "DIGEST_INVALID", "provided digest did not match")
            manifests[digest] = manifests[reference] = (self.headers["Content-Type"], self.body)
            headers = {"Docker-Content-Digest": digest,
                       "Location": f"/v2/{name}/manifests/{digest}", **self.subject_header()}
            if self.state.habits.get("tags"):
                headers["OCI-Tag"] = [value for key, value in
                                      urllib.parse.parse_qsl(self.query_text) if key == "tag"]
                manifests.update(dict.fromkeys(headers["OCI-Tag"], manifests[digest]))
            return 201, headers, b""
        if self.command == "DELETE":
            return self.remove(name, reference)
        self.need({name: ["pull"]})
        if reference not in manifests:
            raise Refused(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, body = manifests[reference]
        if media_type not in self.headers.get("Accept", ""):
            raise Refused(404, "MANIFEST_UNKNOWN", "accept header does not support it")
        digest = reference if ":" in reference else digest_of(body)
        etag = f'"{digest}"'
        if self.headers.get("If-None-Match", "") in (etag, digest):
            return 304, {"ETag": etag}, b""
        return 200, {"Content-Type": media_type, "Docker-Content-Digest": digest, "ETag": etag}, body

    def begin(self, name):
        source, wanted = self.query.get("from"), {name: ["pull", "push"]}
        if source:
            wanted[source] = ["pull"]
        self.need(wanted)
        digest = self.query.get("mount")
        blob = self.state.blobs.get(source, {}).get(digest)
        if blob is not None:
            self.state.blobs.setdefault(name, {})[digest] = blob
            return 201, {"Docker-Content-Digest": digest,
                         "Location": f"/v2/{name}/blobs/{digest}"}, b""
        habits = self.state.habits
        if digest and not source and habits.get("mounts") == "anonymous":
            for held in list(self.state.blobs.values()):
                if digest in held:
                    self.state.blobs.setdefault(name, {})[digest] = held[digest]
                    return 201, {"Docker-Content-Digest": digest}, b""
        digest = self.query.get("digest")
        if digest and habits.get("single") and digest_of(self.body, digest.split(":")[0]) == digest:
            self.state.blobs.setdefault(name, {})[digest] = self.body
            return 201, {"Docker-Content-Digest": digest}, b""
        self.state.sessions += 1
        session = f"session-{self.state.sessions}"
        self.state.uploads[session] = Upload(name)
        headers = {"Location": self.upload_location(name, session, 0)}
        for header, key in (("OCI-Chunk-Min-Length", "min"), ("OCI-Chunk-Max-Length", "max")):
            if f"{key}_header" in habits:
                headers[header] = habits[f"{key}_header"]
        return 202, headers, b""

    def upload_location(self, name, session, size):
        path, query = f"/v2/{name}/blobs/uploads/", f"?at={size}&_state=x%2By"
        form = self.state.habits.get("location", "path")
        base = {"absolute": "{base}", "other": "{cdn}", "relative": "",
                "scheme": self.base.partition(":")[2]}.get(form, "")
        if form == "relative" and self.path_only == path:
            return session + query
        return base + path + session + query

    def read(self, size):
        """As much of a body as comes."""
        data = bytearray()
        try:
            while len(data) < size:
                more = self.rfile.read1(min(size - len(data), 65536))
                if not more:
                    break
                data += more
        except OSError:
            pass
        return bytes(data)

    def keep(self, data):
        """What came of a request that broke."""
        match = re.fullmatch(rf"/v2/{NAME}/blobs/uploads/(?P<session>[^/]+)", self.path_only)
        with self.state.lock:
            upload = self.state.uploads.get(match["session"]) if match else None
            if upload and self.command in ("PUT", "PATCH") and \
                    self.state.habits.get("cut") != "dropped":
                upload.data += data
                upload.first = upload.first or len(data)
                if self.state.habits.get("cut") == "lost":
                    del self.state.uploads[match["session"]]

    def upload(self, name, session):
        if self.port_of_other or self.state.habits.get("location") != "other":
            self.need({} if self.port_of_other else {name: ["pull", "push"]})
        upload, habits = self.state.uploads.get(session), self.state.habits
        if not upload or upload.name != name:
            raise Refused(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        if self.command == "DELETE":
            del self.state.uploads[session]
            return 204, {}, b""
        if len(self.body) > habits.get("max", 1 << 60):
            raise Refused(413, "SIZE_INVALID", "the body is too large")
        self.check_old(session, upload)
        if self.command == "GET":
            if habits.get("status") is False:
                raise Refused(405, "UNSUPPORTED", "no GET of uploads")
            return 204, self.progress(name, session, upload), b""
        self.check_piece(upload)
        if self.command == "PATCH":
            upload.data += self.body
            upload.first = upload.first or len(self.body)
            return habits.get("patched", 202), self.progress(name, session, upload), b""
        return self.complete(name, session, upload)

    def check_old(self, session, upload):
        old = self.state.habits.get("old")
        if not old or int(self.query.get("at", 0)) == len(upload.data):
            return
        if old == "fatal":
            del self.state.uploads[session]
            raise Refused(404, "BLOB_UPLOAD_INVALID", "blob upload invalid")
        raise Refused(416, "RANGE_INVALID", "invalid content range")

    def check_piece(self, upload):
        habits, size = self.state.habits, len(self.body)
        value = self.headers.get("Content-Range")
        if self.command == "PUT" and size and not value and habits.get("put") is False:
            raise Refused(405, "UNSUPPORTED", "a body is for PATCH")
        if self.command == "PATCH" and not value and habits.get("stream") is False:
            raise Refused(400, "BLOB_UPLOAD_INVALID", "Content-Range is missing")
        if not value:
            return
        pieces = habits.get("pieces", True)
        if pieces is False and self.command == "PATCH":
            raise Refused(400, "UNSUPPORTED", "no uploads in pieces")
        first, last = map(int, re.fullmatch(r"(\d+)-(\d+)", value).groups())
        if first != len(upload.data) or last - first + 1 != size:
            raise Refused(416, "RANGE_INVALID", "out of order")
        if pieces is not True and size > pieces:
            raise Refused(416, "RANGE_INVALID", "the piece is too large")
        if self.command == "PATCH" and size < habits.get("min", 0):
            raise Refused(400, "SIZE_INVALID", "the piece is too small")

    def progress(self, name, session, upload):
        size = upload.first if self.state.habits.get("range") == "first" else len(upload.data)
        return {"Location": self.upload_location(name, session, len(upload.data)),
                "Range": f"0-{max(size - 1, 0)}"}

    def complete(self, name, session, upload):
        del self.state.uploads[session]
        data, digest = upload.data + self.body, self.query.get("digest", "")
        if digest_of(data, digest.split(":")[0]) != digest:
            raise Refused(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self.state.blobs.setdefault(name, {})[digest] = data
        return 201, {"Docker-Content-Digest": digest,
                     "Location": f"/v2/{name}/blobs/{digest}"}, b""

    def blob(self, name, digest):
        self.need({name: ["pull"]})
        body = self.state.blobs.get(name, {}).get(digest)
        if body is None:
            raise Refused(404, "BLOB_UNKNOWN", "blob unknown to registry")
        return 200, {"Content-Type": "application/octet-stream", "Accept-Ranges": "bytes",
                     "Docker-Content-Digest": digest, "ETag": f'"{digest}"'}, body

    def signed_blob(self, signature, name, digest):
        if self.state.signatures.get(signature, 0) <= 0:
            raise Refused(403, "ACCESS_DENIED", "the signature has expired")
        self.state.signatures[signature] -= 1
        return 200, {"ETag": f'"cdn-{digest[7:23]}"'}, self.state.blobs.get(name, {})[digest]

    # Lists, and what goes away.

    def page_of(self, names):
        """Those of a sorted list that the query asks for, and the header that names the next page."""
        size = int(self.query.get("n", 1 << 30))
        if size > 1000 and "n" in self.query:
            raise Refused(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
        size = min(size, self.state.script.get("page", 1 << 30))
        rest = [name for name in names if name > self.query.get("last", "")]
        if len(rest) <= size:
            return rest, {}
        last = urllib.parse.quote(rest[size - 1], safe="")
        return rest[:size], {"Link": f'<{self.path_only}?last={last}&n={size}>; rel="next"'}

    def tags(self, name):
        self.need({name: ["pull"]})
        if name not in self.state.manifests:
            raise Refused(404, "NAME_UNKNOWN", "repository name not known to registry")
        tags, headers = self.page_of(sorted(tag for tag in self.state.manifests[name]
                                            if ":" not in tag))
        headers["Content-Type"] = "application/json"
        return 200, headers, json.dumps({"name": name, "tags": tags}).encode()

    def catalog(self):
        self.need({"catalog": ["*"]}, "registry")
        names, headers = self.page_of(sorted(self.state.manifests))
        return 200, headers, json.dumps({"repositories": names}).encode()

    def remove(self, name, reference):
        self.need({name: ["delete"]})
        manifests = self.state.manifests.get(name, {})
        if ":" not in reference and self.state.script.get("untag") is False:
            raise Refused(400, "UNSUPPORTED", "the operation is unsupported")
        if reference not in manifests:
            raise Refused(404, "MANIFEST_UNKNOWN", "manifest unknown")
        gone = manifests.pop(reference)
        if ":" in reference:
            for tag in [tag for tag, manifest in manifests.items() if manifest == gone]:
                del manifests[tag]
        return 202, {}, b""

    def subject_header(self):
        known = self.state.script.get("referrers") and json.loads(self.body).get("subject")
        return {"OCI-Subject": known["digest"]} if known else {}

    def referrers(self, name, digest):
        self.need({name: ["pull"]})
        if not self.state.script.get("referrers"):
            raise Refused(404, "NOT_FOUND", "no such route")
        found = {}
        for media_type, body in self.state.manifests.get(name, {}).values():
            manifest = json.loads(body)
            if manifest.get("subject", {}).get("digest") == digest:
                kind = manifest.get("artifactType") or manifest.get("config", {}).get("mediaType")
                found[digest_of(body)] = {
                    "mediaType": media_type, "digest": digest_of(body), "size": len(body),
                    "artifactType": kind, "annotations": manifest.get("annotations", {})}
        headers = {"Content-Type": "application/vnd.oci.image.index.v1+json; charset=utf-8"}
        wanted = self.query.get("artifactType")
        if wanted and self.state.script.get("filters"):
            found = {key: one for key, one in found.items() if one["artifactType"] == wanted}
            headers["OCI-Filters-Applied"] = "artifactType"
        names, link = self.page_of(sorted(found))
        index = {"schemaVersion": 2, "mediaType": headers["Content-Type"].partition(";")[0],
                 "manifests": [found[name] for name in names]}
        return 200, {**headers, **link}, json.dumps(index).encode()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # else a client with many connections waits a second for one

    def handle_error(self, request, client_address):
        """Clients that go away are none of our errors."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--script")
    parser.add_argument("--record")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    options = parser.parse_args()
    script = {}
    if options.script:
        with open(options.script, encoding="utf-8") as file:
            script = json.load(file)
    Handler.state = State(script, options.record)
    server = Server(("127.0.0.1", options.port), Handler)
    Handler.plain = not options.tls
    Handler.base = f"http{'s' if options.tls else ''}://127.0.0.1:{server.server_port}"
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    other = Server(("127.0.0.1", 0), Handler)
    Handler.cdn = f"http://127.0.0.1:{other.server_port}"
    if options.tls:
        Handler.cdn = Handler.cdn.replace("http:", "https:")
        other.socket = context.wrap_socket(other.socket, server_side=True)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
