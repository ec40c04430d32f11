#!/usr/bin/python3
"""Adds `x-checked-by: NAME` to heads of requests and answers: needs write on request-head or response-head."""

import sys

from louver_filter import passes, replaces, serve

line = f"x-checked-by: {sys.argv[1]}".encode()


def judge(question, data):
    if not question["context"].endswith("-head"):
        return passes()
    lines = data.split(b"\r\n")
    # these stand behind all other fields (docs/protocol.md, annex http/1)
    behind = (b"content-length:", b"expect:", b"upgrade:")
    last = next((i for i, one in enumerate(lines) if one.startswith(behind)), len(lines) - 2)
    return replaces(b"\r\n".join(lines[:last] + [line] + lines[last:]))


serve(judge)
