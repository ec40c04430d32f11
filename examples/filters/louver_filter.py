"""What a worker of an `exec` filter says and hears. Copy it beside your own. docs/filters.md"""

import json
import struct
import sys


def _read(size):
    data = sys.stdin.buffer.read(size)
    if len(data) != size:
        sys.exit(0)  # louver has ended or wants no more answers
    return data


def _read_block():
    return _read(struct.unpack(">I", _read(4))[0])


def _write_block(data):
    sys.stdout.buffer.write(struct.pack(">I", len(data)) + data)


def passes():
    return {"verdict": "pass"}, b""


def blocks(reason):
    return {"verdict": "block", "reason": reason}, b""


def redacts():
    return {"verdict": "redact"}, b""


def replaces(data):
    return {"verdict": "replace"}, data


def serve(judge):
    """Calls judge(question, data) for each question, for ever, and answers with what it returns."""
    while True:
        question = json.loads(_read_block())
        answer, data = judge(question, _read_block())
        _write_block(json.dumps({"id": question["id"], **answer}).encode())
        _write_block(data)
        sys.stdout.buffer.flush()
