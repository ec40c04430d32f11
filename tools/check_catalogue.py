#!/usr/bin/env python3
"""Checks that every attack of docs/catalogue.md has a test that carries its id, and that no test names an id that is not there.

    check_catalogue.py [--list] [root]     --list also prints the files that hold each id

An id counts where tests are: tests/ and the *_test.cpp beside their sources. Prints what is wrong and exits with 1 if there was something.
"""

import re
import sys
from pathlib import Path

ROW = re.compile(r"^\| ([A-Z]{2}-\d{2}) \|")
MENTION = re.compile(r"(?<![A-Za-z0-9])(HS|KI|RS|JN|RC|OR|HP|RG|AU|DI|AL|DS|HT|FI)[-_](\d{2})(?!\d)")
TEST_FILES = ("tests/**/*.cpp", "tests/**/*.h", "tests/**/*.py", "src/**/*_test.cpp")


def catalogue(text):
    return [match.group(1) for line in text.splitlines() if (match := ROW.match(line))]


def mentions(text):
    return {f"{family}-{number}" for family, number in MENTION.findall(text)}


def check(root):
    """(ids in order, id -> files, complaints)"""
    ids = catalogue((root / "docs/catalogue.md").read_text(encoding="utf-8"))
    where = {}
    for pattern in TEST_FILES:
        for path in sorted(root.glob(pattern)):
            for one in mentions(path.read_text(encoding="utf-8")):
                where.setdefault(one, []).append(path.relative_to(root).as_posix())
    complaints = [f"docs/catalogue.md: {one} stands there twice" for one in sorted({i for i in ids if ids.count(i) > 1})]
    complaints += [f"docs/catalogue.md: no test carries {one}" for one in ids if one not in where]
    complaints += [f"{files[0]}: {one} is not in docs/catalogue.md" for one, files in sorted(where.items()) if one not in ids]
    if not ids:
        complaints.append("docs/catalogue.md: there are no rows")
    return ids, where, complaints


def main(arguments):
    listing = "--list" in arguments
    rest = [one for one in arguments if one != "--list"]
    ids, where, complaints = check(Path(rest[0]) if rest else Path(__file__).resolve().parent.parent)
    if listing:
        for one in ids:
            print(f"{one}  {' '.join(where.get(one, []))}")
    for complaint in complaints:
        print(complaint)
    if not complaints:
        print(f"{len(ids)} attacks, each with a test")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
