# SPDX-License-Identifier: Apache-2.0
"""A Markdown table of what incremental.sh measured. usage: incremental_table.py ROWS

ROWS has a line per run: files, job, tool, microseconds."""

import statistics
import sys


def main():
    found = {}
    with open(sys.argv[1], encoding="utf-8") as stream:
        for line in stream:
            files, job, tool, micros = line.split()
            found.setdefault((files, job, tool), []).append(int(micros) / 1e6)
    median = {key: statistics.median(times) for key, times in found.items()}
    print("| files | build | tool | median s | min - max s | imgtool = 1 | walk and stat = 1 |")
    print("|---:|---|---|---:|---:|---:|---:|")
    for files, job in sorted({key[:2] for key in found}, key=lambda key: (int(key[0]), key[1])):
        for tool in [key[2] for key in found if key[:2] == (files, job)]:
            time, times = median[files, job, tool], found[files, job, tool]
            own = median.get((files, job, "imgtool"), time)
            floor = median.get((files, job, "stat"), time)
            print(f"| {files} | {job} | {tool} | {time:.3f} | {min(times):.3f} - {max(times):.3f} "
                  f"| {time / own:.2f} | {time / floor:.1f} |")


main()
