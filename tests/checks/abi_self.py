# SPDX-License-Identifier: Apache-2.0
"""What abi.py lets pass and what it refuses, shown on a small library that is compiled in variants."""

import os
import subprocess
import tempfile

import abi
from common import finish

# NAME_1 stands for what there is in the variant NAME, NAME_0 for what there is in all others.
HEADER = """
#include <stddef.h>
#include <stdint.h>
typedef struct img_thing img_thing;
typedef struct img_x_options {
    UNSIZED_0(size_t size;)
    INSERTED_1(const char *inserted;)
    REORDERED_1(uint64_t epoch;)
    const char *name;
    WIDER_0(uint32_t flags;) WIDER_1(uint64_t flags;)
    SIGN_0(uint32_t level;) SIGN_1(int32_t level;)
    REORDERED_0(LESS_0(uint64_t epoch;))
    APPENDED_1(const char *appended;)
    APPENDED_1(uint32_t also_appended;) APPENDED_1(uint32_t reserved;)
} img_x_options;
typedef struct img_result {
    uint64_t count;
    USED_0(uint64_t reserved[4];) USED_1(uint32_t used[2];) USED_1(uint64_t reserved[3];)
    RESULT_GREW_1(uint64_t more;)
} img_result;
ENUM_0(enum img_kind { IMG_ONE, IMG_TWO };) ENUM_1(enum img_kind { IMG_TWO, IMG_ONE };)
CALLBACK_0(typedef int (*img_fn)(void *arg, const img_result *result);)
CALLBACK_1(typedef int (*img_fn)(void *arg, img_result *result, int last);)
int img_use(img_thing *thing, const img_x_options *options, img_result *out);
int img_call(img_thing *thing, img_fn fn, enum img_kind kind);
int img_gone(img_thing *thing PARAMETER_1(, int more));
int img_more(img_thing *thing);
"""
# Of the same name as the public header, in another folder.
INNER = """
struct inner { int a; INNER_1(char text[100];) };
struct img_thing { struct inner inner; INNER_1(int b;) };
"""
SOURCE = """
#include <img.h>
#include "inner/img.h"
int img_use(img_thing *thing, const img_x_options *options, img_result *out)
{
    return !thing || !options || !out;
}
int img_call(img_thing *thing, img_fn fn, enum img_kind kind)
{
    return !thing || !fn || kind;
}
GONE_0(int img_gone(img_thing *thing PARAMETER_1(, int more)) { return thing->inner.a; })
MORE_1(int img_more(img_thing *thing) { return thing->inner.a; })
"""
NAMES = ["UNSIZED", "INSERTED", "REORDERED", "WIDER", "SIGN", "LESS", "APPENDED", "USED",
         "RESULT_GREW", "ENUM", "CALLBACK", "PARAMETER", "INNER", "GONE", "MORE"]

# Variant, whether it may take the place of the first one, and what must be said of it if not.
VARIANTS = [
    ([], True, ""),
    (["APPENDED"], True, ""),
    (["USED"], True, ""),
    (["APPENDED", "USED", "MORE"], True, ""),
    (["MORE"], True, ""),
    (["INNER"], True, ""),
    (["GONE"], False, "img_gone"),
    (["PARAMETER"], False, "parameter 2"),
    (["INSERTED"], False, "inserted"),
    (["REORDERED"], False, "epoch"),
    (["WIDER"], False, "flags"),
    (["SIGN"], False, "level"),
    (["LESS"], False, "epoch"),
    (["UNSIZED"], False, "size"),
    (["APPENDED", "SIGN"], False, "level"),
    (["APPENDED", "WIDER"], False, "flags"),
    (["APPENDED", "INSERTED"], False, "inserted"),
    (["RESULT_GREW"], False, "more"),
    (["ENUM"], False, "IMG_ONE"),
    (["CALLBACK"], False, "img_fn"),
]


def compile_variant(folder, chosen, flags=("-g",)):
    """The description of the library in a variant."""
    macros = []
    for name in NAMES:
        there = int(name in chosen)
        macros += [f"-D{name}_{there}(...)=__VA_ARGS__", f"-D{name}_{1 - there}(...)="]
    library = os.path.join(folder, "libvariant.so")
    subprocess.run(["gcc", *flags, "-shared", "-fPIC", "-I", os.path.join(folder, "include"), *macros,
                    "-o", library, os.path.join(folder, "source.c")], check=True)
    return abi.describe(library, os.path.join(folder, "include"))


def write_files(folder):
    for path, content in (("include/img.h", HEADER), ("inner/img.h", INNER), ("source.c", SOURCE)):
        path = os.path.join(folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(content)


def judge_variant(old, new, passes, words):
    """What is wrong with the verdict on a variant, or None."""
    found = abi.judge(old, new)
    if passes:
        return f"is refused: {found}" if found else None
    if not found:
        return "passes"
    return None if words in found[0] else f"is refused, but not for {words}: {found[0]}"


def main():
    findings = []
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder)
        first = compile_variant(folder, [])
        for chosen, passes, words in VARIANTS:
            wrong = judge_variant(first, compile_variant(folder, chosen), passes, words)
            if wrong:
                findings.append(f"{'+'.join(chosen) or 'the same library'} {wrong}")
        bare = compile_variant(folder, [], ())
        for old, new in ((first, bare), (bare, first), (bare, bare)):
            wrong = judge_variant(old, new, False, "has no types")
            if wrong:
                findings.append(f"a library without debug information {wrong}")
        if "inner" in [struct.get("name") for struct in first.iter("class-decl")]:
            findings.append("the description holds private structs")
    finish(findings, len(VARIANTS) + 3)


main()
