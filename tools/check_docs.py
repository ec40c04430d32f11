#!/usr/bin/env python3
"""Checks that every relative link in the repository's Markdown files leads somewhere, anchors included.

    check_docs.py [root]      root of the repository; by default the one that this file is in

Addresses of other hosts are not asked. Prints `file:line: what is wrong` and exits with 1 if there was something.
"""

import re
import sys
from pathlib import Path
from urllib.parse import unquote

FENCE = re.compile(r"^\s*(```|~~~)")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*\s*$")
EXPLICIT_ANCHOR = re.compile(r'<a\s+(?:id|name)="([^"]+)"')
INLINE_LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)")
CODE_SPAN = re.compile(r"(`+).*?\1")
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
SKIPPED_FOLDERS = {"build", ".git", "node_modules"}


def lines_outside_fences(text):
    """(number, line) of everything that is not inside a fenced code block."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        mark = FENCE.match(line)
        if mark and fence in (None, mark.group(1)):
            fence = None if fence else mark.group(1)
        elif fence is None:
            yield number, line


def slug(heading):
    """The anchor that GitHub gives to a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"[`*]", "", text)
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def anchors(text):
    """All anchors of one document; a heading that comes twice gets -1, -2, ..."""
    found = set()
    for _, line in lines_outside_fences(text):
        found.update(EXPLICIT_ANCHOR.findall(line))
        heading = HEADING.match(line)
        if heading:
            base = slug(heading.group(1))
            name, count = base, 0
            while name in found:
                count += 1
                name = f"{base}-{count}"
            found.add(name)
    return found


def links(text):
    """(line number, target) of every link to this repository."""
    for number, line in lines_outside_fences(text):
        line = CODE_SPAN.sub("", line)
        for target in INLINE_LINK.findall(line) + REFERENCE.findall(line):
            if not ELSEWHERE.match(target) and not target.startswith("//"):
                yield number, target


def fault_of_link(root, file, target):
    """What is wrong with the link `target` in `file`, or None."""
    path, _, anchor = target.partition("#")
    goal = file
    if path:
        goal = (root / path.lstrip("/") if path.startswith("/") else file.parent / unquote(path)).resolve()
        if root not in [goal, *goal.parents]:
            return f"{target} leads out of the repository"
    if not goal.exists():
        return f"{target}: no such file"
    if anchor and goal.suffix == ".md" and unquote(anchor) not in anchors(goal.read_text(encoding="utf-8")):
        return f"{target}: no heading there has this anchor"
    return None


def faults(root):
    root = root.resolve()
    found = []
    for file in sorted(root.rglob("*.md")):
        relative = file.relative_to(root)
        if SKIPPED_FOLDERS & set(relative.parts[:-1]):
            continue
        for number, target in links(file.read_text(encoding="utf-8")):
            text = fault_of_link(root, file, target)
            if text:
                found.append(f"{relative}:{number}: {text}")
    return found


def main(arguments):
    found = faults(Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent)
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
