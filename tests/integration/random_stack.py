# SPDX-License-Identifier: Apache-2.0
"""Makes an image of random layers out of a number, and the tree that they are by the words of the
specification (image-spec, layer.md): random_stack.py SEED LAYOUT DIRECTORY [--plain]. Root only.

The model here knows nothing of how libimg does it: each layer first hides, in what the layers below left,
what it removes, and then puts its own entries there. --plain leaves out what umoci 0.4.7 does otherwise:
entries without their parents, files of a lower layer in the way of a directory, and whiteouts behind
what they do not concern."""

import gzip
import hashlib
import io
import json
import os
import random
import sys
import tarfile

NAMES = ["a", "b", "c", "d", ".e", "f f"]
LINK, BEHIND = "link", "real"


class Node:
    """A file of the tree; names that are hard links share it."""

    def __init__(self, kind, info=None, data=b""):
        self.kind, self.data, self.link = kind, data, ""
        self.mode, self.uid, self.gid, self.mtime = 0o755, 0, 0, 0
        self.xattrs = {}
        if info:
            self.mode, self.uid, self.gid, self.mtime = info.mode, info.uid, info.gid, info.mtime
            self.link = info.linkname
            self.xattrs = {key[len("SCHILY.xattr."):]: value
                           for key, value in info.pax_headers.items()}


KINDS = {tarfile.REGTYPE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "link",
         tarfile.FIFOTYPE: "pipe"}


class Model:
    """Paths to nodes, "" being the root."""

    def __init__(self):
        self.nodes = {}

    def real(self, path):
        """The one link that leads anywhere is followed, the last part of a path is not."""
        if path.startswith(LINK + "/") and self.nodes.get(LINK, Node("dir")).kind == "link":
            return BEHIND + path[len(LINK):]
        return path

    def below(self, path):
        return [p for p in self.nodes if p.startswith(path + "/")]

    def remove(self, path):
        for p in self.below(path):
            del self.nodes[p]
        self.nodes.pop(path, None)

    def hide(self, name):
        folder, _, base = self.real(name).rpartition("/")
        if base == ".wh..wh..opq":
            for p in self.below(folder) if folder else list(self.nodes):
                del self.nodes[p]
        else:
            self.remove((folder + "/" if folder else "") + base[len(".wh."):])

    def imply(self, path):
        folder = path.rpartition("/")[0]
        if folder and self.nodes.get(folder, Node("none")).kind != "dir":
            self.imply(folder)
            self.remove(folder)
            self.nodes[folder] = Node("dir")

    def put(self, info, data):
        path = self.real(info.name.rstrip("/"))
        self.imply(path)
        if info.type == tarfile.LNKTYPE:
            node = self.nodes[self.real(info.linkname)]
        else:
            node = Node(KINDS[info.type], info, data)
        if not (node.kind == "dir" and self.nodes.get(path, node).kind == "dir"):
            self.remove(path)
        self.nodes[path] = node

    def apply(self, layer):
        for info, _ in layer:
            if is_whiteout(info):
                self.hide(info.name)
        for info, data in layer:
            if not is_whiteout(info):
                self.put(info, data)


def is_whiteout(info):
    return info.name.rpartition("/")[2].startswith(".wh.")


class Layers:
    def __init__(self, seed, plain):
        self.random = random.Random(seed)
        self.plain = plain
        self.model = Model()

    def attributes(self, info):
        roll = self.random
        info.mode = roll.choice([0o644, 0o755, 0o700, 0o4755, 0o1777, 0])
        info.uid, info.gid = roll.choice([0, 1, 70000]), roll.choice([0, 5, 3000000])
        info.mtime = roll.choice([0, 1, 1000000000, 2**33])
        if info.type in (tarfile.REGTYPE, tarfile.DIRTYPE) and roll.random() < 0.3:
            info.pax_headers = {"SCHILY.xattr.user.x": roll.choice(["one", "two"])}

    def entry(self, name, kind):
        info = tarfile.TarInfo(name)
        info.type = kind
        self.attributes(info)
        data = b""
        if kind == tarfile.REGTYPE:
            data = self.random.randbytes(self.random.choice([0, 1, 600]))
        if kind == tarfile.SYMTYPE:
            info.linkname, info.mode = self.random.choice(["x", "/", "../a", "a/b"]), 0o777
        info.size = len(data)
        return info, data

    def path(self):
        roll = self.random
        parts = [roll.choice(NAMES) for _ in range(roll.randint(1, 4))]
        if roll.random() < 0.2:
            parts.insert(0, roll.choice([LINK, BEHIND]))
        return "/".join(parts)

    def usable(self, path, made):
        """May this layer put an entry there? Not beneath its own file, over its own entry, or beneath a
        link but the one that leads somewhere."""
        real = self.model.real(path)
        parts = real.split("/")
        for end in range(1, len(parts)):
            above = "/".join(parts[:end])
            if above in made:
                if made[above] != tarfile.DIRTYPE:
                    return False
            elif self.model.nodes.get(above, Node("dir")).kind == "link":
                return False
            elif self.plain and self.model.nodes.get(above, Node("dir")).kind != "dir":
                return False
        return real not in made and not any(p.startswith(real + "/") for p in made)

    def parents(self, path, made, layer):
        parts = path.split("/")
        for end in range(1, len(parts)):
            above = "/".join(parts[:end])
            if above == LINK or self.model.real(above) in made:
                continue
            if self.plain or self.random.random() < 0.5:
                made[self.model.real(above)] = tarfile.DIRTYPE
                layer.append(self.entry(above, tarfile.DIRTYPE))

    def add(self, made, layer):
        roll = self.random
        path = self.path()
        if not self.usable(path, made):
            return
        kind = roll.choice([tarfile.REGTYPE] * 4 + [tarfile.DIRTYPE] * 3 +
                           [tarfile.SYMTYPE, tarfile.FIFOTYPE, tarfile.LNKTYPE])
        files = [p for p, k in made.items() if k == tarfile.REGTYPE]
        if kind == tarfile.LNKTYPE and not files:
            kind = tarfile.REGTYPE
        self.parents(path, made, layer)
        info, data = self.entry(path, kind)
        if kind == tarfile.LNKTYPE:
            info.linkname = roll.choice(files)
            info.pax_headers = {}
        made[self.model.real(path)] = kind
        layer.append((info, data))

    def whiteout(self, made):
        """Of anything, there or not; but the link and what is behind it stay."""
        folder, _, base = self.path().rpartition("/")
        if self.random.random() < 0.2 and folder:
            base = ".wh..opq"
        name = (folder + "/" if folder else "") + ".wh." + base
        # Where a file or a link of the lower layers is above it, and the like, appliers differ.
        parts = self.model.real(name).split("/")
        for end in range(1, len(parts)):
            node = self.model.nodes.get("/".join(parts[:end]))
            if node is None and self.plain or node and node.kind != "dir":
                return None
        # As do they where a layer replaces a directory and says what of it is gone.
        if any(made.get("/".join(parts[:end]), tarfile.DIRTYPE) != tarfile.DIRTYPE
               for end in range(1, len(parts))):
            return None
        return tarfile.TarInfo(name), b""

    def layer(self, number):
        made, layer = {}, []
        if number == 0:
            layer.append(self.entry(BEHIND, tarfile.DIRTYPE))
            layer.append(self.entry(LINK, tarfile.SYMTYPE))
            layer[1][0].linkname = self.random.choice([BEHIND, "/" + BEHIND, "./../" + BEHIND])
            self.model.apply(layer)
            made = {BEHIND: tarfile.DIRTYPE, LINK: tarfile.SYMTYPE}
        else:
            made = {LINK: tarfile.SYMTYPE}
        for _ in range(self.random.randint(1, 25)):
            self.add(made, layer)
        marks = {}
        for _ in range(self.random.randint(0, 6) if number else 0):
            mark = self.whiteout(made)
            if mark and self.model.real(mark[0].name) not in marks:
                marks[self.model.real(mark[0].name)] = True
                layer.insert(0 if self.plain else self.random.randint(0, len(layer)), mark)
        self.model.apply(layer)
        return layer


def tar_of(layer):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, data in layer:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


class Layout:
    def __init__(self, top):
        self.top = top
        os.makedirs(f"{top}/blobs/sha256")
        with open(f"{top}/oci-layout", "w", encoding="ascii") as stream:
            stream.write('{"imageLayoutVersion":"1.0.0"}')

    def blob(self, media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{self.top}/blobs/sha256/{digest}", "wb") as stream:
            stream.write(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}",
                "digest": f"sha256:{digest}", "size": len(data)}

    def image(self, tars):
        layers = [self.blob("layer.v1.tar+gzip", gzip.compress(tar, 1, mtime=0)) for tar in tars]
        config = {"architecture": "amd64", "os": "linux", "config": {"Cmd": ["/a"]},
                  "rootfs": {"type": "layers",
                             "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest()
                                          for tar in tars]}}
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": self.blob("config.v1+json", json.dumps(config).encode()),
                    "layers": layers}
        entry = self.blob("manifest.v1+json", json.dumps(manifest).encode())
        entry["annotations"] = {"org.opencontainers.image.ref.name": "1"}
        index = {"schemaVersion": 2, "manifests": [entry]}
        with open(f"{self.top}/index.json", "w", encoding="ascii") as stream:
            json.dump(index, stream)


def write_node(at, node):
    if node.kind == "file":
        with open(at, "xb") as stream:
            stream.write(node.data)
    elif node.kind == "link":
        os.symlink(node.link, at)
    elif node.kind == "pipe":
        os.mkfifo(at)
    os.chown(at, node.uid, node.gid, follow_symlinks=False)
    if node.kind != "link":
        os.chmod(at, node.mode)
    for name, value in node.xattrs.items():
        os.setxattr(at, name, value.encode())


def write_tree(model, top):
    os.makedirs(top)
    first = {}
    for path in sorted(model.nodes, key=lambda path: path.split("/")):
        node, at = model.nodes[path], os.path.join(top, path)
        if node in first:
            os.link(first[node], at, follow_symlinks=False)
            continue
        first[node] = at
        if node.kind == "dir":
            os.mkdir(at)
        write_node(at, node)
    for path in sorted(model.nodes, key=lambda path: -path.count("/")):
        time = model.nodes[path].mtime
        os.utime(os.path.join(top, path), (time, time), follow_symlinks=False)


def main():
    seed, layout, top = sys.argv[1:4]
    layers = Layers(int(seed), "--plain" in sys.argv[4:])
    tars = [tar_of(layers.layer(number)) for number in range(layers.random.randint(1, 5))]
    Layout(layout).image(tars)
    write_tree(layers.model, top)


main()
