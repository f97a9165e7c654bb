# SPDX-License-Identifier: Apache-2.0
"""Who may include whom, and which room knows which dependency."""

import fnmatch
import os
import re

from common import files, finish, text

ROOMS = {
    "base": [],
    "core": ["base"],
    "net": ["base"],
    "store": ["core", "base"],
    "layer": ["core", "base"],
    "registry": ["net", "core", "base"],
    "archive": ["core", "base"],
    "ops": ["base", "core", "net", "store", "layer", "registry", "archive"],
}

DEPENDENCIES = {
    r"curl/": ["lib/net/*"],
    r"archive(_entry)?\.h": ["lib/layer/import*.[ch]", "lib/archive/*.c"],
    r"openssl/": ["lib/core/digest.c"],
    r"jansson": ["lib/core/json*.[ch]"],
    r"(zlib|zstd\w*|libdeflate|lzma|bzlib)\.h": ["lib/layer/*"],
    r"isa-l|igzip": ["lib/layer/*"],
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def wrong_room(path, quote, name):
    """Why a file may not include that, or None."""
    parts = path.split(os.sep)
    if parts[0] == "include":
        if quote == '"' or name.split("/")[0] in ROOMS:
            return "public headers include public headers, as <libimg/...>"
        return None
    if parts[0] in ("cli", "examples"):
        if name.split("/")[0] in ROOMS or ".." in name:
            return "only <libimg/...> of the library may be included here"
        return None
    room = parts[1]
    if quote == "<":
        return None
    target = name.split("/")[0]
    if "/" not in name:
        return 'write it with its room, as "room/file.h"'
    if target != room and target not in ROOMS[room]:
        return f"{room} may include {', '.join(ROOMS[room]) or 'nothing'}"
    return None


def wrong_dependency(path, name):
    for pattern, owners in DEPENDENCIES.items():
        if re.match(pattern, name) and not any(fnmatch.fnmatch(path, owner) for owner in owners):
            return f"only {', '.join(owners)} may know this dependency"
    return None


def cycles(graph):
    """Headers that include each other, as a path."""
    done, found = set(), []

    def visit(node, trail):
        if node in trail:
            found.append(" -> ".join(trail[trail.index(node):] + [node]))
        elif node not in done:
            for inner in graph.get(node, []):
                visit(inner, trail + [node])
            done.add(node)

    for node in sorted(graph):
        visit(node, [])
    return found


def main():
    findings, count, graph = [], 0, {}
    for path in files("lib", "include", "cli", "examples"):
        content = text(path)
        for match in INCLUDE.finditer(content):
            count += 1
            line = content.count("\n", 0, match.start()) + 1
            quote, name = match.groups()
            why = wrong_room(path, quote, name) or wrong_dependency(path, name)
            if why:
                findings.append(f"{path}:{line}: {name}: {why}")
            if path.startswith("lib/") and quote == '"':
                graph.setdefault(path, []).append("lib/" + name)
            if path.startswith("include/") and name.startswith("libimg/"):
                graph.setdefault(path, []).append("include/" + name)
    findings += [f"include cycle: {cycle}" for cycle in cycles(graph)]
    finish(findings, count)


main()
