#!/usr/bin/env python3
"""Checks every model of this folder with ProVerif and compares each query with what the model's table expects.

A model states its switches as `letfun removed_x() = false.` and, in its first comment, a table:

    expect:
      intact       true  true
      removed_x    false *

One line for each variant, one column for each query in the order of the file: `true` holds, `false` an attack was
found, `*` not asked. `intact` has no `*`, and a `false` where a query asks whether a run to the end exists. A variant
turns its switch to true. Every switch has a line.

Usage: run.py [MODEL.pv ...]
Exit status: 0 all as expected, 1 a deviation, 77 proverif is not on the PATH.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LIBRARY = FOLDER / "louver.pvl"
SECONDS_FOR_A_VARIANT = 300
SKIPPED = 77


class BadModel(Exception):
    """A model whose table does not fit it."""


def expectations(text):
    """The variants of a model: name -> list of 'true', 'false' or '*'."""
    comment = re.match(r"\(\*.*?\*\)", text, re.DOTALL)
    if not comment or "expect:" not in comment.group():
        raise BadModel("the first comment has no table `expect:`")
    lines = comment.group().split("expect:", 1)[1].removesuffix("*)").splitlines()
    table = {}
    for words in (line.split() for line in lines if line.strip()):
        if words[0] in table or not set(words[1:]) <= {"true", "false", "*"}:
            raise BadModel(f"bad line of the table: {' '.join(words)}")
        table[words[0]] = words[1:]
    return table


def check_table(text, table):
    """Every switch has a variant, every variant a switch; no variant says nothing; all lines have one length."""
    switches = set(re.findall(r"^letfun (removed_\w+)\(\) = false\.", text, re.MULTILINE))
    if switches | {"intact"} != set(table):
        raise BadModel(f"switches and table differ: {sorted(switches ^ (set(table) - {'intact'}))}")
    if "*" in table["intact"] or not table["intact"]:
        raise BadModel("`intact` must state every query")
    if "false" not in table["intact"]:
        raise BadModel("no query shows that the protocol can run to its end")
    for name, row in table.items():
        if len(row) != len(table["intact"]):
            raise BadModel(f"{name} has {len(row)} columns, intact {len(table['intact'])}")
        if name != "intact" and not any(a == "false" and b == "true" for a, b in zip(row, table["intact"])):
            raise BadModel(f"{name} breaks nothing")


def variant_of(text, name, wanted):
    """The model with one protection removed, and without the queries that this variant says nothing about."""
    queries = re.findall(r"^query [^.]*\.", text, re.MULTILINE)
    if len(queries) != len(wanted):
        raise BadModel(f"{len(queries)} queries, but {len(wanted)} columns")
    column = iter(wanted)
    text = re.sub(r"^query [^.]*\.", lambda q: "" if next(column) == "*" else q.group(), text, flags=re.MULTILINE)
    if name == "intact":
        return text
    changed, count = re.subn(rf"^letfun {name}\(\) = false\.", f"letfun {name}() = true.", text, flags=re.MULTILINE)
    if count != 1:
        raise BadModel(f"{count} switches {name}")
    return changed


def results(text, prover):
    """What ProVerif finds for each query, in the order of the file, and its run time in seconds."""
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pv"
        path.write_text(text, encoding="utf-8")
        try:
            run = subprocess.run([prover, "-lib", str(LIBRARY), str(path)], capture_output=True, text=True,
                                 timeout=SECONDS_FOR_A_VARIANT, check=False)
        except subprocess.TimeoutExpired:
            return ["timeout"], time.monotonic() - begin
    if run.returncode != 0:
        raise BadModel(f"proverif says: {(run.stdout + run.stderr).strip()[-400:]}")
    summary = run.stdout.split("Verification summary:")[-1]
    found = []
    for line in summary.splitlines():
        if line.startswith(("Query", "Non-interference", "Weak secret")):
            verdict = re.search(r" (is true|is false|cannot be proved)\.?$", line.strip())
            found.append(verdict.group(1).removeprefix("is ") if verdict else "unreadable")
    return found, time.monotonic() - begin


def check(path, prover):
    """Prints the rows of one model; the number of deviations."""
    text = path.read_text(encoding="utf-8")
    table = expectations(text)
    check_table(text, table)
    deviations = 0
    for name, wanted in table.items():
        found, seconds = results(variant_of(text, name, wanted), prover)
        fits = found == [w for w in wanted if w != "*"]
        deviations += not fits
        left = iter(found)
        shown = " ".join("*" if w == "*" else next(left, "missing") for w in wanted)
        print(f"{path.name:<16} {name:<24} {seconds:7.1f} s  {'ok ' if fits else 'DEVIATES'}  {shown}", flush=True)
        if not fits:
            print(f"{'':<16} {'expected':<24} {'':9}            {' '.join(wanted)}")
    return deviations


def main(arguments):
    prover = shutil.which("proverif")
    if prover is None:
        print("proverif is not on the PATH: the models were not checked")
        return SKIPPED
    models = [Path(a) for a in arguments] or sorted(FOLDER.glob("*.pv"))
    deviations = 0 if models else 1
    begin = time.monotonic()
    for path in models:
        try:
            deviations += check(path, prover)
        except (BadModel, OSError) as fault:
            print(f"{path.name}: {fault}")
            deviations += 1
    print(f"{len(models)} models, {time.monotonic() - begin:.0f} s, {deviations} deviations")
    return 1 if deviations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
