# SPDX-License-Identifier: Apache-2.0
"""A Markdown table of what bench.sh measured. usage: table.py ROWS

ROWS has a line per measurement: job, input, tool, and where hyperfine's and time's results are."""

import json
import sys


def load(path):
    found = []
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            job, name, tool, result = line.rstrip("\n").split("\t")
            with open(result + ".json", encoding="utf-8") as inner:
                times = json.load(inner)["results"][0]
            with open(result + ".memory", encoding="utf-8") as inner:
                memory = int(inner.read().split()[-1]) / 1024
            found.append((job, name, tool, times, memory))
    return found


def main():
    rows = load(sys.argv[1])
    base = {(job, name): (times["median"], memory)
            for job, name, tool, times, memory in rows if tool == "imgtool"}
    print("| job | input | tool | median s | min - max s | time, imgtool = 1 | peak MiB "
          "| memory, imgtool = 1 |")
    print("|---|---|---|---:|---:|---:|---:|---:|")
    for job, name, tool, times, memory in rows:
        median, least = base[(job, name)]
        print(f"| {job} | {name} | {tool} | {times['median']:.2f} "
              f"| {times['min']:.2f} - {times['max']:.2f} | {times['median'] / median:.1f} "
              f"| {memory:.0f} | {memory / least:.1f} |")


main()
