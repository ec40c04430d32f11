#!/usr/bin/env python3
"""Checks that every file under src/ includes only what tools/layers.txt allows to its layer.

    check_layers.py [root]      root of the repository; by default the one that this file is in

Prints `file:line: what is wrong` for each fault and exits with 1 if there was one, with 2 if it could not look.
"""

import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = {".h", ".cpp"}


class Rules:
    """The two tables of layers.txt."""

    def __init__(self, text, name="layers.txt"):
        self.layers = {}  # folder under src -> the folders that it may include
        self.headers = {}  # pattern of a header in <> -> the layers that may include it
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split("#", 1)[0].strip()
            if line:
                self._add(line, f"{name}:{number}")
        known = set(self.layers) | {"tests"}
        for key, values in [*self.layers.items(), *self.headers.items()]:
            for value in values - known:
                raise ValueError(f"{name}: {key}: {value} is not a layer")

    def _add(self, line, place):
        key, colon, values = line.partition(":")
        if not colon:
            raise ValueError(f"{place}: expected `layer: layers` or `<header>: layers`")
        table = self.headers if key.startswith("<") else self.layers
        key = key.strip("<> ")
        if key in table:
            raise ValueError(f"{place}: {key} stands here twice")
        table[key] = set(values.split())

    def layer_of(self, path):
        """The longest known folder that `path` (relative to src) lies in, or None."""
        for folder in path.parents:
            if folder.as_posix() in self.layers:
                return folder.as_posix()
        return None

    def users_of(self, header):
        """The layers that may include <header>, or None where no rule speaks of it."""
        matching = [pattern for pattern in self.headers if fnmatchcase(header, pattern)]
        return self.headers[max(matching, key=len)] if matching else None


def fault_of_include(rules, src, path, bracket, header):
    """What is wrong with one include of the file `path` (relative to src), or None."""
    layer = rules.layer_of(path)
    if bracket == "<":
        users = rules.users_of(header)
        who = {layer, layer.split("/")[0]} | ({"tests"} if path.name.endswith("_test.cpp") else set())
        if users is not None and not (users & who):
            return f"<{header}> may be included by {', '.join(sorted(users))} only, not by {layer}"
        return None
    if not (src / header).is_file():
        return f'"{header}" is not a file of src/; includes are written from src/, others\' headers in <>'
    target = rules.layer_of(Path(header))
    if target not in rules.layers[layer] | {layer, layer.split("/")[0]}:
        return f'{layer} may not include {target} ("{header}"); tools/layers.txt lists what it may'
    return None


def faults(rules, src):
    """All faults under the folder `src`, each as `file:line: text`."""
    found = []
    for file in sorted(src.rglob("*")):
        if file.suffix not in SOURCES:
            continue
        path = file.relative_to(src)
        place = Path(src.name) / path
        if rules.layer_of(path) is None:
            found.append(f"{place}:1: its folder has no line in tools/layers.txt")
            continue
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            text = match and fault_of_include(rules, src, path, *match.groups())
            if text:
                found.append(f"{place}:{number}: {text}")
    return found


def main(arguments):
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    try:
        rules = Rules((root / "tools/layers.txt").read_text(encoding="utf-8"))
        found = faults(rules, root / "src")
    except (OSError, ValueError) as error:
        print(f"check_layers: {error}", file=sys.stderr)
        return 2
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
