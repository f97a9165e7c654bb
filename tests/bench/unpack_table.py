# SPDX-License-Identifier: Apache-2.0
"""A Markdown table of what unpack.sh measured: the least of each figure, and how many times what imgtool
needs with two threads for the same compression. usage: unpack_table.py ROWS"""

import sys


def load(path):
    """The least wall seconds, processor seconds and MiB of each input and tool."""
    found = {}
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            name, tool, wall, user, system, memory = line.rstrip("\n").split("\t")
            figures = (float(wall), float(user) + float(system), int(memory) / 1024)
            kept = found.setdefault((name, tool), figures)
            found[(name, tool)] = tuple(min(pair) for pair in zip(kept, figures))
    return found


def main():
    rows = load(sys.argv[1])
    print("| input | tool | s | imgtool = 1 | CPU s | imgtool = 1 | peak MiB | imgtool = 1 |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for (name, tool), figures in rows.items():
        base = rows[(name, "imgtool-zstd-2" if "zstd" in tool else "imgtool-2")]
        cells = " | ".join(f"{figure:.2f} | {figure / max(least, 0.01):.2f}"
                           for figure, least in zip(figures, base))
        print(f"| {name} | {tool} | {cells} |")


main()
