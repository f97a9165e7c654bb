# SPDX-License-Identifier: Apache-2.0
"""A terminal, as far as imgtool needs one: shows its screen at each form feed on stdin.

It wraps, scrolls and, when it becomes narrower, wraps anew what it shows, as most terminals do.
"""
import re
import sys


class Screen:
    def __init__(self):
        self.columns, self.rows = 80, 24
        self.lines, self.row, self.column = [""], 0, 0

    def resize(self, columns, rows):
        wrapped = []
        for number, line in enumerate(self.lines):
            if number == self.row:
                self.row = len(wrapped)
            wrapped += [line[i:i + columns] for i in range(0, len(line) or 1, columns)]
        self.columns, self.rows, self.lines = columns, rows, wrapped
        self.scroll()

    def scroll(self):
        while len(self.lines) <= self.row:
            self.lines.append("")
        gone = len(self.lines) - self.rows
        if gone > 0:
            self.lines = self.lines[gone:]
            self.row -= gone

    def put(self, letter):
        if self.column == self.columns:
            self.new_line()
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + letter + line[self.column + 1:]
        self.column += 1

    def new_line(self):
        self.row += 1
        self.column = 0
        self.scroll()

    def control(self, numbers, letter):
        if letter == "A":
            self.row = max(0, self.row - int(numbers or 1))
        elif letter == "K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == "J":
            self.lines[self.row] = self.lines[self.row][:self.column]
            del self.lines[self.row + 1:]
        elif letter == "t":
            self.resize(*map(int, numbers[2:].split("x")))
        else:
            raise SystemExit(f"unknown control sequence {numbers}{letter}")

    def show(self):
        print("+" + "-" * self.columns + "+")
        for number, line in enumerate(self.lines):
            if line or number < len(self.lines) - 1:
                print("|" + line.ljust(self.columns) + "|")
        print(f"cursor in row {self.row + 1}, column {self.column + 1}")


screen = Screen()
for match in re.finditer(r"\x1b\[([0-9;x]*)([A-Za-z])|(.)", sys.stdin.read(), re.DOTALL):
    numbers, control, letter = match.groups()
    if control:
        screen.control(numbers, control)
    elif letter == "\f":
        screen.show()
    elif letter == "\n":
        screen.new_line()
    elif letter == "\r":
        screen.column = 0
    else:
        screen.put(letter)
