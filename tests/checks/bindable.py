# SPDX-License-Identifier: Apache-2.0
"""The public API can be called from any language that can call C, without a compiler:

- no struct is passed or returned by value, no function is variadic or inline;
- no bit-field, no enum, no union, no array of unknown length: types have the same size everywhere;
- a callback, which is a typedef of its own, has a void * for its caller, and so has each place where
  one is handed over, right behind it;
- a macro with parameters, or one that is neither a number nor a string, is not needed: those that
  there are stand in a list, with what does the same without them;
- an options struct with zeros in it, but for its size, is what its ..._INIT macro makes.

usage: bindable.py [HEADER...]; without, all public headers."""

import os
import re
import subprocess
import sys
import tempfile

from common import ROOT, finish, public_headers, text

# With parameters, or code. What does without: at run time img_version_number() has the version.
MACROS = {"LIBIMG_VERSION_ENCODE", "LIBIMG_VERSION_CHECK", "LIBIMG_VERSION_NUMBER", "IMG_API"}
CONSTANT = re.compile(r'\(?-?\d+[uU]?\)?|0x[0-9a-fA-F]+u?|"[^"]*"|')
FIXED = re.compile(r"(const )?(void|char|int|size_t|u?int(8|16|32|64)_t|float|double)")


def plain(content):
    """Without comments, directives and what C++ needs, on lines of their old numbers."""
    blank = lambda match: "\n" * match.group().count("\n")
    content = re.sub(r"/\*.*?\*/", blank, content, flags=re.S)
    content = re.sub(r"^[ \t]*#(.*\\\n)*.*", blank, content, flags=re.M)
    return re.sub(r'extern "C" \{|^\}$', "", content, flags=re.M)


def statements(content):
    """(line, text) of what ends with a semicolon outside of braces, spaces made one."""
    depth, begin, found = 0, 0, []
    for at, letter in enumerate(content):
        depth += (letter == "{") - (letter == "}")
        if (letter == ";" or letter == "}" and content[begin:at].lstrip().startswith("static")) \
                and depth == 0:
            body = content[begin:at + 1]
            lead = len(body) - len(body.lstrip())
            found.append((content.count("\n", 0, begin + lead) + 1, " ".join(body.split())))
            begin = at + 1
    return found


def split(parameters):
    """The parameters of a list, but for (void)."""
    depth, found = 0, [""]
    for letter in parameters:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    return [] if found == ["void"] else [part.strip() for part in found]


class Api:
    def __init__(self, headers):
        self.structs, self.callbacks, self.findings, self.looked_at = set(), set(), [], 0
        self.all = [(header, line, body) for header in headers
                    for line, body in statements(plain(text(header)))]
        for _, _, body in self.all:
            self.structs.update(re.findall(r"\b(?:struct|union) (\w+)", body))
            self.callbacks.update(re.findall(r"^typedef [^{}]*\(\*(\w+)\)", body))

    def check(self):
        for header, line, body in self.all:
            where = f"{header}:{line}"
            self.looked_at += 1
            if re.search(r"\benum\b", body):
                self.add(where, "an enum has no size of its own: int32_t and macros")
            if re.search(r"\bunion\b", body):
                self.add(where, "a union")
            if re.search(r"\.\.\.|\bva_list\b", body):
                self.add(where, "a variadic function")
            if re.search(r"\binline\b", body) or body.startswith("static "):
                self.add(where, "an inline function is not in the library")
            elif body.startswith("typedef struct") and "{" in body:
                self.struct(where, body)
            elif re.match(r"typedef [^{}]*\(\*", body):
                self.callback(where, body)
            elif "(" in body and not body.startswith("typedef"):
                self.function(where, body)

    def add(self, where, what):
        self.findings.append(f"{where}: {what}")

    def kind(self, where, declared):
        """Of a field or a parameter: is this a type that a binding can spell?"""
        if "(*" in declared:
            self.add(where, f"'{declared}': a callback has a typedef of its own")
        stars = "*" in declared
        base = re.sub(r"\b(struct|union) ", "", declared).replace("*", " ")
        words = [word for word in base.split() if word != "const"]
        known = words and (words[0] in self.structs | self.callbacks or FIXED.fullmatch(words[0]))
        if not stars and not known:
            self.add(where, f"'{declared}': its size is not the same everywhere")
        return words[0] if words else "", stars

    def pairs(self, where, items):
        """Behind each callback stands what it is called with."""
        for at, (declared, base) in enumerate(items):
            behind = items[at + 1][0] if at + 1 < len(items) else ""
            if base in self.callbacks and not re.fullmatch(r"void \*\w*arg", behind):
                self.add(where, f"'{declared}': no 'void *arg' behind it")

    def struct(self, where, body):
        items = []
        for field in re.search(r"\{(.*)\}", body).group(1).split(";"):
            for declared in self.names(field.strip()):
                if re.search(r"\w\s*:\s*\d", declared):
                    self.add(where, f"'{declared}': a bit-field")
                    continue
                if re.search(r"\[\s*\]", declared):
                    self.add(where, f"'{declared}': an array of unknown length")
                base, _ = self.kind(where, re.sub(r"\[.*", "", declared))
                items.append((declared, base))
        self.pairs(where, items)

    @staticmethod
    def names(field):
        """'img_store *a, *b' as two."""
        first, *others = split(field)
        base = re.match(r"((?:const )?(?:struct )?\w+ )", first)
        return [first] + [base.group(1) + other for other in others if base] if first else []

    def parameters(self, where, inner):
        items = []
        for declared in split(inner):
            if declared == "...":
                continue
            base, stars = self.kind(where, declared)
            if base in self.structs and base not in self.callbacks and not stars:
                self.add(where, f"'{declared}': a struct by value")
            items.append((declared, base))
        return items

    def result(self, where, declared):
        base, stars = self.kind(where, declared)
        if base in self.structs and not stars:
            self.add(where, f"'{declared}': a struct is returned by value")

    def callback(self, where, body):
        match = re.fullmatch(r"typedef (.*?) ?\(\*\w+\)\((.*)\);", body)
        self.result(where, match.group(1))
        items = self.parameters(where, match.group(2))
        if not any(re.fullmatch(r"void \*(\w*_)?arg", declared) for declared, _ in items):
            self.add(where, f"'{body}': no 'void *arg' for who is called")

    def function(self, where, body):
        match = re.fullmatch(r"(?:IMG_API )?(.*?)\b(\w+)\((.*)\);", body)
        if not match:
            self.add(where, f"'{body}' is not understood")
            return
        self.result(where, match.group(1).strip())
        self.pairs(where, self.parameters(where, match.group(3)))


def macros(header):
    """(line, name, parameters or None, value) of what the header defines."""
    content = text(header)
    for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)]*\))?((?:.*\\\n)*.*)", content,
                             re.M):
        value = re.sub(r"/\*.*?(\*/|$)", "", match.group(3).replace("\\\n", " "), flags=re.S)
        yield content.count("\n", 0, match.start()) + 1, match.group(1), match.group(2), \
            " ".join(value.split())


def macro_findings(headers):
    for header in headers:
        for line, name, parameters, value in macros(header):
            needed = parameters or not CONSTANT.fullmatch(value)
            if needed and name not in MACROS and not name.endswith("_INIT"):
                yield f"{header}:{line}: who has no preprocessor can't use {name}"


def program(headers, names):
    lines = [f'#include "{os.path.join(ROOT, header)}"' for header in headers]
    lines += ["#include <stdio.h>", "#include <string.h>", "int main(void)", "{"]
    for name in names:
        kind = name[:-len("_INIT")].lower()
        lines += ["{", f"static const {kind} made = {name}; static {kind} zero;",
                  "zero.size = sizeof(zero);",
                  "if (memcmp(&made, &zero, sizeof(zero)))",
                  f'puts("{name} is more than its size and zeros");', "}"]
    return "\n".join(lines + ["return 0;", "}"]) + "\n"


def init_findings(headers):
    """Compiles the macros and compares what they make."""
    names = [name for header in headers for _, name, _, _ in macros(header)
             if name.endswith("_INIT")]
    with tempfile.TemporaryDirectory() as folder:
        source, binary = os.path.join(folder, "init.c"), os.path.join(folder, "init")
        with open(source, "w", encoding="utf-8") as stream:
            stream.write(program(headers, names))
        subprocess.run(["cc", "-Wall", "-Werror", "-I", os.path.join(ROOT, "include"), "-o", binary,
                        source], check=True)
        out = subprocess.run([binary], check=True, text=True, stdout=subprocess.PIPE).stdout
    return out.splitlines()


def main():
    headers = [os.path.abspath(name) for name in sys.argv[1:]] or public_headers()
    api = Api(headers)
    api.check()
    findings = api.findings + list(macro_findings(headers)) + init_findings(headers)
    finish(findings, api.looked_at)


if __name__ == "__main__":
    main()
