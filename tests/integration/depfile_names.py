# SPDX-License-Identifier: Apache-2.0
"""depfile_names.py DIR: builds trees with odd names in DIR, by $IMGTOOL, and holds the depfile against
make and ninja: nothing is done twice; an edit of each file is seen by both, or by neither and then the
build has said so; that it is gone is seen, without an error.

One row a name for those that are known; then random ones from the worst characters."""

import os
import random
import re
import subprocess
import sys

SEEDS, RANDOM_NAMES = range(3), 200
OLD = 1_000_000_000

# "": both see all. d: the directory stands for it. r: make ends if it is gone.
NAMES = {
    "a b": "", " a": "", "a  b": "", "a ": "d", " ": "d", "s /b": "",
    "a#b": "", "#a": "", "#": "", "a # b": "",
    "a$b": "", "$": "", "$$": "", "$@": "", "${X}": "", "x$(y)z": "", "$(X)": "d", "$<": "d",
    "a:b": "", ":a": "", "a::b": "", "a: b": "", "C:x": "", "a:": "d",
    "p/a%b": "", "p/a%3a%3b": "", "p/a%b c": "", "a%b": "r", "%": "r", "p/%": "r", "p/%a": "r",
    "p%q/a": "",
    "a~b": "", "p/~": "", "p/~root": "", "~": "d", "~root": "d", "~nobody here": "d",
    "a=b": "r", "=": "r", "a = b": "r", "a:=b": "r", "a+=b": "r", "k=v/f": "r",
    "\u00e9": "", "\udcff\udcfe": "", "\u00a0": "",
    "a\\b": "", "dev-a\\x2db.mount": "", "a\\": "d", "a\\\\": "d", "a\\ b": "d", "a\\\\b": "d",
    "a\\#b": "d", "a\\:b": "d", "a\\$b": "d",
    "(": "", ")": "d", "a)": "d", "a(b": "", "a)b": "", "a(b).c": "", "(b) c": "", "x(1)/b": "",
    "(x)": "d", "a(x)": "d", "a (b)": "d",
    "[": "", "]": "", "[a": "", "[id].js": "", "[z]": "", "[b]": "d", "b": "", "[cd]e": "d", "ce": "",
    "a;b": "d", "a|b": "d", "a&b": "d", "&": "d", "<a": "d", ">a": "d", "^a": "d", "`a": "d",
    "'a": "d", '"a"': "d", "*": "d", "a*b": "d", "?": "d", "a?b": "d",
    "a\nb": "d", "a\tb": "d", "a\rb": "d", "a\x01b": "d", "a\x7fb": "d", "a\x0bb": "d",
    "!a": "", "@a": "", "+a": "", "-a": "", ",a": "", "{a}": "", "a{b,c}": "", "-include": "",
    "include": "", "include x": "", "export": "", "define y": "", "endif": "", "else": "",
    ".PHONY": "r", ".SILENT": "r", ".dockerignore": "", "...": "", "..a": "", ".a": "",
    "x" * 255: "", "/".join(["d" * 250] * 15): "",
    # 60 parts are the most for ninja 1.11, with the name of the tree one less.
    "/".join(["e"] * 60): "", "/".join(["f"] * 61): "d",
}
NASTY = list(" #$:%~=;*?[](){}&\\'\"|<>!^`@+-,.\t\nab") + ["\u00e9"]


def run(*command):
    return subprocess.run(command, check=False, capture_output=True, text=True, errors="surrogateescape")


class Tree:
    """A tree of files, which is the current directory; outputs lie beside it."""

    def __init__(self, path, names, source="."):
        os.makedirs(path + "/tree")
        os.chdir(path + "/tree")
        self.names = names
        for name in names:
            os.makedirs(os.path.dirname(os.path.join(".", name)), exist_ok=True)
            with open(name, "x", encoding="utf-8"):
                pass
        self.age()
        command = f"\"$$IMGTOOL\" build -q --progress quiet --add {source}:/srv --digestfile ../BY " \
            "--depfile ../BY.d >../stdout 2>../stderr"
        with open("../Makefile", "w", encoding="utf-8") as out:
            out.write(f"../BY:\n\t@{command}\n-include ../BY.d\n".replace("BY", "make"))
        for tool, deps in ("plain", ""), ("deps", "  deps = gcc\n"):
            with open(f"../{tool}.ninja", "w", encoding="utf-8") as out:
                out.write(f"builddir = ../{tool}-log\nrule r\n  command = {command}\n"
                          f"  depfile = ../BY.d\n{deps}build ../BY: r\n".replace("BY", tool))

    def all(self):
        """Everything there is, directories behind what is in them."""
        for above, _, files in os.walk(".", topdown=False):
            yield from (os.path.normpath(os.path.join(above, name)) for name in files)
            yield os.path.normpath(above)

    def age(self):
        for name in self.all():
            os.utime(name, (OLD, OLD))

    def build(self):
        """The number of names that the build warns of."""
        for command in ["make", "-f../Makefile"], ["ninja", "-f../plain.ninja"], \
                ["ninja", "-f../deps.ninja"]:
            result = run(*command)
            assert result.returncode == 0, (command, result)
        with open("../stderr", encoding="utf-8") as stream:
            warnings = stream.read()
        if not warnings:
            return 0
        count = re.search(r"would read (\d+) names", warnings)
        return int(count.group(1)) if count else 1

    def makes(self):
        """"yes", "no" or what went wrong: whether make would build."""
        result = run("make", "-q", "-f../Makefile")
        return {0: "no", 1: "yes"}.get(result.returncode, result.stderr)

    def ninjas(self):
        words = set()
        for kind in "plain", "deps":
            result = run("ninja", "-n", f"-f../{kind}.ninja")
            idle = "ninja: no work to do." in result.stdout
            words.add(result.stdout if result.returncode else "no" if idle else "yes")
        return words.pop() if len(words) == 1 else str(words)

    def settled(self):
        for word in self.makes(), self.ninjas():
            assert word == "no", f"not settled: {word}"

    def newer(self):
        """The names that make finds changed once all are."""
        for name in self.all():
            os.utime(name)
        assert self.ninjas() == "yes"
        out = run("make", "-q", "-r", "-d", "-f../Makefile").stdout
        self.age()
        return set(re.findall(r"^ *Prerequisite '(.*)' is newer than target '../make'", out, re.M))

    def read_by_ninja(self):
        out = run("ninja", "-f../deps.ninja", "-t", "deps", "../deps").stdout
        return set(re.findall(r"^    (.*)$", out, re.M))

    def without(self, names):
        """What make says when these are gone, and ninja; the directories are as they were."""
        for number, name in enumerate(names):
            os.rename(name, f"../removed-{number}")
        self.age()
        seen = self.makes(), self.ninjas()
        for number, name in enumerate(names):
            os.rename(f"../removed-{number}", name)
        self.age()
        return seen


def known(path):
    tree = Tree(path, NAMES)
    warned = tree.build()
    tree.settled()
    unfit = {name for name, flags in NAMES.items() if "d" in flags} | {"s ", "x(1)"}
    assert warned == len(unfit), f"warns of {warned} names, expected {len(unfit)}"
    expected = set(tree.all()) - unfit
    for tool, names in ("make", tree.newer()), ("ninja", tree.read_by_ninja()):
        assert names == expected, (tool, "lacks", expected - names, "has", names - expected)
    tree.settled()
    # Without a rule for one of them make would end.
    seen = tree.without([name for name, flags in NAMES.items() if flags == ""])
    assert seen == ("yes", "yes"), ("files are gone", seen)
    for name, flags in NAMES.items():
        if "r" in flags:
            seen = tree.without([name])
            assert "No rule to make target" in seen[0] and seen[1] == "yes", (name, "is gone", seen)
    tree.settled()


def random_names(path, seed):
    """Nothing is known of them but what must hold for all."""
    chance = random.Random(seed)
    names = set()
    while len(names) < RANDOM_NAMES:
        name = "".join(chance.choice(NASTY) for _ in range(chance.randint(1, 6)))
        if name not in (".", "..") and not name.startswith(".wh."):
            names.add(chance.choice(["", "p/"]) + name)
    tree = Tree(path, sorted(names))
    warned = tree.build()
    tree.settled()
    files, newer = set(tree.all()), tree.newer()
    assert newer == tree.read_by_ninja(), (seed, newer ^ tree.read_by_ninja())
    assert newer <= files, (seed, "made up", newer - files)
    assert len(files - newer) == warned, (seed, f"warns of {warned} names", files - newer)
    assert 0.1 < warned / RANDOM_NAMES < 0.9, f"{warned} of {RANDOM_NAMES} show nothing"
    gone = [name for name in tree.names if "=" not in name and "%" not in name]
    assert tree.without(gone) == ("yes", "yes"), (seed, tree.without(gone))


def variables_alone(path):
    """All names have a '=': make must not take the first one for a variable."""
    tree = Tree(path, ["year=2024/a=b"], "year=2024")
    assert tree.build() == 0
    tree.settled()
    assert tree.newer() == set(tree.all())


os.environ["IMGTOOL"] = os.path.abspath(os.environ["IMGTOOL"])
work = os.path.abspath(sys.argv[1])
os.environ["IMGTOOL_STORE"] = work + "/store"
known(work + "/known")
variables_alone(work + "/variables")
for number in SEEDS:
    random_names(f"{work}/random-{number}", number)
