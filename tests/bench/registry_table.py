# SPDX-License-Identifier: Apache-2.0
"""A Markdown table of what registry.sh measured. usage: registry_table.py ROWS

ROWS has a line per run: job, image, delay, tool, seconds, KiB at most, requests."""

import statistics
import sys


def main():
    runs = {}
    with open(sys.argv[1], encoding="utf-8") as stream:
        for line in stream:
            job, image, delay, tool, seconds, memory, requests = line.rstrip("\n").split("\t")
            runs.setdefault((job, image, delay), {}).setdefault(tool, []).append(
                (float(seconds), int(memory) / 1024, int(requests)))
    print("| job | image | s per request | tool | requests | median s | time, imgtool = 1 "
          "| peak MiB |")
    print("|---|---|---:|---|---:|---:|---:|---:|")
    for (job, image, delay), tools in runs.items():
        base = statistics.median(run[0] for run in tools.get("imgtool", [(0, 0, 0)]))
        for tool, measured in tools.items():
            seconds, memory, requests = (statistics.median(column) for column in zip(*measured))
            ratio = f"{seconds / base:.1f}" if base else "-"
            print(f"| {job} | {image} | {delay} | {tool} | {requests:.0f} | {seconds:.2f} | {ratio} "
                  f"| {memory:.0f} |")


main()
