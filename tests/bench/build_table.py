# SPDX-License-Identifier: Apache-2.0
"""A Markdown table of what build.sh measured. usage: build_table.py ROWS

ROWS has a line per run: input, tool, seconds, of user, of system, peak KiB, bytes of the layer."""

import sys


def load(path):
    found = {}
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            name, tool, wall, user, system, memory, size = line.split()
            found.setdefault((name, tool), []).append(
                (float(wall), float(user) + float(system), int(memory) / 1024, int(size)))
    return found


def main():
    rows = load(sys.argv[1])
    print("| input | tool | wall, umoci = 1 | CPU, umoci = 1 | wall s | CPU s | peak MiB | bytes "
          "| bytes, umoci = 1 |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for (name, tool), runs in rows.items():
        wall, cpu = min(run[0] for run in runs), min(run[1] for run in runs)
        memory, size = max(run[2] for run in runs), runs[0][3]
        base = rows.get((name, "umoci"), runs)
        print(f"| {name} | {tool} | {wall / min(run[0] for run in base):.2f} "
              f"| {cpu / min(run[1] for run in base):.2f} | {wall:.2f} | {cpu:.2f} "
              f"| {memory:.0f} | {size} | {size / base[0][3]:.3f} |")


main()
