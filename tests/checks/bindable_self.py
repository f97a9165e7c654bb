# SPDX-License-Identifier: Apache-2.0
"""What bindable.py finds, shown on headers that are like the public ones but for one thing each."""

import os
import tempfile

import bindable
from common import declared, finish, public_headers

GOOD = """
#define IMG_NUMBER 7
#define IMG_NAME "seven"
typedef struct img_thing img_thing;
typedef struct img_value {
    char text[80];
    uint64_t numbers[2], more;
    const img_thing *a, *b;
} img_value;
/* Not "..." but a callback. */
typedef int (*img_fn)(const img_value *value, void *arg);
typedef struct img_x_options {
    size_t size;
    int32_t level;
    uint32_t reserved;
    img_fn on_value;
    void *on_value_arg;
} img_x_options;
#define IMG_X_OPTIONS_INIT                                                                         \\
    {                                                                                              \\
        sizeof(img_x_options), 0, 0, NULL, NULL                                                    \\
    }
IMG_API int img_call(img_thing *thing, const char *const *names, img_fn fn, void *arg,
                     img_value **out);
IMG_API void img_host(img_value *out);
IMG_API const char *img_name(void);
"""
# What is changed, into what, and what is said.
CASES = [
    ("const char *names", "const char *names", None),
    ("img_fn fn, void *arg,", "img_fn fn,", "no 'void *arg' behind it"),
    ("    void *on_value_arg;\n", "    void *other;\n", "no 'void *arg' behind it"),
    ("const img_value *value, void *arg", "const img_value *value", "for who is called"),
    ("const img_value *value, void *arg", "img_value value, void *arg", "a struct by value"),
    ("img_thing *thing,", "img_value thing,", "a struct by value"),
    ("void img_host(img_value *out)", "img_value img_host(void)", "returned by value"),
    ("img_name(void)", "img_name(const char *format, ...)", "variadic"),
    ("img_name(void)", "img_name(va_list args)", "variadic"),
    ("uint32_t reserved", "uint32_t reserved : 3", "a bit-field"),
    ("char text[80]", "char text[]", "an array of unknown length"),
    ("int32_t level", "long level", "not the same everywhere"),
    ("int32_t level", "enum img_level level", "an enum"),
    ("img_name(void)", "img_name(enum img_kind kind)", "an enum"),
    ("img_name(void)", "img_name(unsigned long kind)", "not the same everywhere"),
    ("typedef struct img_thing img_thing;", "enum img_kind { IMG_ONE };\n"
     "typedef struct img_thing img_thing;", "an enum"),
    ("uint64_t numbers[2], more;", "union { int a; int b; } u;", "a union"),
    ("img_fn fn, void *arg,", "int (*fn)(void *arg), void *arg,", "a typedef of its own"),
    ("IMG_API void img_host", "static inline int img_one(void) { return 1; }\nIMG_API void img_host",
     "inline"),
    ("#define IMG_NUMBER 7", "#define IMG_TWICE(x) ((x) * 2)", "can't use IMG_TWICE"),
    ("#define IMG_NUMBER 7", "#define img_old(x) img_new(x, \\\n    0)", "can't use img_old"),
    ("#define IMG_NUMBER 7", "#define IMG_CALL img_name()", "can't use IMG_CALL"),
    ("sizeof(img_x_options), 0, 0,", "sizeof(img_x_options), 6, 0,", "IMG_X_OPTIONS_INIT is more"),
    ("sizeof(img_x_options), 0, 0,", "0, 0, 0,", "IMG_X_OPTIONS_INIT is more"),
]


def findings_in(path, content, compiles):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("#include <stddef.h>\n#include <stdint.h>\n#define IMG_API\n" + content)
    api = bindable.Api([path])
    api.check()
    found = api.findings + list(bindable.macro_findings([path]))
    return found + (bindable.init_findings([path]) if compiles else [])


def main():
    findings = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "thing.h")
        for old, new, said in CASES:
            content = GOOD.replace(old, new, 1)
            if content == GOOD and said:
                findings.append(f"'{old}' is not there to be changed")
            found = findings_in(path, content, said is None or "_INIT" in said)
            if said is None and found:
                findings += found
            elif said and not any(said in line for line in found):
                findings.append(f"{new}: nothing says '{said}', but {found}")
    # It sees all functions that there are.
    api = bindable.Api(public_headers())
    seen = sum("(" in body and not body.startswith("typedef") for _, _, body in api.all)
    if seen != len(declared()):
        findings.append(f"{seen} of {len(declared())} functions are seen")
    finish(findings, len(CASES))


main()
