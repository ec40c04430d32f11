"""The comparisons with what Louver replaces, side by side in one run. It ends with 0 whether or not a goal is met."""

import argparse
import importlib
import json
import sys

import rig

NAMES = ("bulk", "throughput", "many", "join", "echo", "first", "idle", "wire", "http")


def main():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(NAMES)}; default: all")
    parser.add_argument("--json", action="store_true", help="one object with the rows, nothing else")
    parser.add_argument("--quick", action="store_true", help="everything small")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no comparison {', '.join(sorted(unknown))}: {', '.join(NAMES)} are there")
    rows = []
    for name in options.names or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        module = "http1" if name == "http" else name  # a module http would hide that of the library
        rows += importlib.import_module(module).measure(options.quick)
    print(json.dumps({"rows": rows})) if options.json else rig.show(rows)


if __name__ == "__main__":
    main()
