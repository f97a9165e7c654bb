# SPDX-License-Identifier: Apache-2.0
"""The library can take the place of the one that lib/libimg.abi describes, without programs being
compiled again. usage: abi.py LIBRARY, which has debug information. UPDATE=1 writes the description.

abidiff compares; it stays silent if it sees no types, so that is looked for here. What may change is
taken out beforehand: abidiff's own way of saying so, has_data_member_inserted_at, also swallows a
member that changes its type (2.2). May change:
- functions and types are added;
- a struct that begins with its own size grows at the end;
- reserved members of a struct are put to use.
Opaque structs are of no concern. abidw knows them by the header that they are in, but by its name
without folder, and there is a build.h inside, too."""

import copy
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

from common import ROOT, finish

BASELINE = os.path.join(ROOT, "lib", "libimg.abi")
HEADERS = os.path.join(ROOT, "include")
TOO_FEW_TYPES = "has no types: was it built without -g?"


def structs_of(headers):
    """The structs that the headers define, by name."""
    found = set()
    for here, _, names in os.walk(headers):
        for name in names:
            with open(os.path.join(here, name), encoding="utf-8") as stream:
                found.update(re.findall(r"\b(?:struct|union) (\w+) \{", stream.read()))
    return found


def is_struct(element):
    return element.tag in ("class-decl", "union-decl")


def close(struct):
    """Makes a struct a mere declaration, as callers know it."""
    for attribute in ("size-in-bits", "alignment-in-bits", "naming-typedef-id"):
        struct.attrib.pop(attribute, None)
    struct.set("is-declaration-only", "yes")
    for child in list(struct):
        struct.remove(child)
    struct.text = None


def referred(element):
    """The types that an element names, itself or within."""
    return {inner.get(attribute) for inner in element.iter()
            for attribute in ("type-id", "naming-typedef-id") if inner.get(attribute)}


def reachable(elements):
    """Of the elements of a description, the functions and variables and the types that they need."""
    by_id = {}
    for element in elements:
        by_id.setdefault(element.get("id"), []).append(element)
    kept = [element for element in elements if not element.get("id")]
    seen, todo = set(), set().union(*map(referred, kept))
    while todo:
        seen |= todo
        found = [element for name in todo for element in by_id.get(name, [])]
        kept += found
        todo = set().union(*map(referred, found)) - seen
    return kept


def describe(library, headers):
    """What abidw tells of a library, without what callers do not see."""
    with tempfile.NamedTemporaryFile(suffix=".abi") as out:
        subprocess.run(
            ["abidw", "--headers-dir", headers, "--drop-private-types", "--exported-interfaces-only",
             "--no-comp-dir-path", "--no-corpus-path", "--no-show-locs", "--no-elf-needed",
             "--no-parameter-names", "--type-id-style", "hash", "--out-file", out.name, library],
            check=True)
        corpus = ET.parse(out.name).getroot()
    public = structs_of(headers)
    units = corpus.findall("abi-instr")
    elements = [element for unit in units for element in unit]
    for element in elements:
        if is_struct(element) and element.get("name") not in public:
            close(element)
    # As of one source file: where a function moves within the library is of no concern either.
    for unit in units:
        corpus.remove(unit)
    if units:
        whole = ET.SubElement(corpus, "abi-instr", {**units[0].attrib, "path": "libimg"})
        whole.extend(sorted(reachable(elements), key=lambda element: (
            element.tag, element.get("name", ""), element.get("id", ""))))
    return corpus


def is_empty(corpus):
    """Whether a description holds functions or structs by name only, or none at all."""
    functions = [function for function in corpus.iter("function-decl") if len(function)]
    structs = [struct for struct in corpus.iter("class-decl") if len(struct)]
    return not functions or not structs


def offset(member):
    return int(member.get("layout-offset-in-bits", 0))


def member_name(member):
    return member.find("var-decl").get("name") or ""


def has_size_first(struct):
    first = struct.find("data-member")
    return first is not None and offset(first) == 0 and member_name(first) == "size"


def allow(old, new):
    """Takes out of two descriptions of a struct what the newer one may have changed."""
    end = int(old.get("size-in-bits", 0))
    if has_size_first(old) and has_size_first(new) and int(new.get("size-in-bits", 0)) > end:
        for member in new.findall("data-member"):
            if offset(member) >= end:
                new.remove(member)
        new.set("size-in-bits", str(end))
    members = old.findall("data-member")
    ends = [offset(member) for member in members[1:]] + [end]
    for member, after in zip(members, ends):
        if not member_name(member).startswith("reserved"):
            continue
        old.remove(member)
        for other in new.findall("data-member"):
            if offset(member) <= offset(other) < after:
                new.remove(other)


def structs(corpus):
    return {element.get("name"): element for element in corpus.iter("class-decl") if len(element)}


def write(corpus, path):
    ET.indent(corpus, " ")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(ET.tostring(corpus, encoding="unicode") + "\n")


def differences(old, new):
    """What programs that were linked with the old library would stumble over, as text."""
    old, new = copy.deepcopy(old), copy.deepcopy(new)
    known = structs(old)
    for name, struct in structs(new).items():
        if name in known:
            allow(known[name], struct)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("old.abi", "new.abi")]
        for corpus, path in zip((old, new), paths):
            write(corpus, path)
        done = subprocess.run(["abidiff", "--no-added-syms", "--no-architecture"] + paths, text=True,
                              capture_output=True, check=False)
    return (done.stdout + done.stderr or "abidiff gave up") if done.returncode else ""


def judge(old, new):
    """The findings of the check."""
    if is_empty(old):
        return [f"the description {TOO_FEW_TYPES}"]
    if is_empty(new):
        return [f"the library {TOO_FEW_TYPES}"]
    found = differences(old, new)
    return [found] if found else []


def main():
    new = describe(sys.argv[1], HEADERS)
    if os.environ.get("UPDATE") and not is_empty(new):
        write(new, BASELINE)
    findings = judge(ET.parse(BASELINE).getroot(), new)
    if findings:
        print("If no version with what this changes is out yet: UPDATE=1 ctest -R checks/abi")
    finish(findings, len(structs(new)))


if __name__ == "__main__":
    main()
