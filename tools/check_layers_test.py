#!/usr/bin/env python3
"""Shows that check_layers.py finds what it is there to find: each test plants one fault in a small tree."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from check_layers import Rules, faults  # noqa: E402

RULES = """
base:
wire: base   # a comment
io: base wire
io/net: base wire run
run: base
<openssl/ssl.h>: wire
<openssl/*>: wire run
<thread>: run tests
"""


class CheckLayers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.src = Path(self.folder.name) / "src"
        for name in ["base/a.h", "wire/a.h", "io/a.h", "run/a.h"]:
            self.write(name, "#pragma once\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.src / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def found(self):
        return faults(Rules(RULES), self.src)

    def test_accepts_includes_downwards_and_of_the_own_layer(self):
        self.write("wire/b.cpp", '#include "wire/a.h"\n\n#include <vector>\n\n#include "base/a.h"\n')
        self.assertEqual(self.found(), [])

    def test_refuses_an_include_upwards_with_its_line(self):
        self.write("base/b.cpp", '#include "base/a.h"\n#include "wire/a.h"\n')
        self.assertEqual(len(self.found()), 1)
        self.assertTrue(self.found()[0].startswith("src/base/b.cpp:2: base may not include wire"))

    def test_refuses_a_sibling(self):
        self.write("io/b.h", '#include "run/a.h"\n')
        self.assertTrue(self.found()[0].startswith("src/io/b.h:1: io may not include run"))

    def test_lets_the_longest_folder_decide(self):
        self.write("io/net/b.h", '#include "run/a.h"\n#include "io/a.h"\n')
        self.assertEqual(self.found(), [])

    def test_refuses_a_header_outside_its_users(self):
        self.write("run/b.cpp", "#include <openssl/evp.h>\n#include <openssl/ssl.h>\n")
        self.assertEqual(len(self.found()), 1)
        self.assertIn("src/run/b.cpp:2: <openssl/ssl.h> may be included by wire only", self.found()[0])

    def test_lets_tests_use_what_is_allowed_to_tests(self):
        self.write("base/b_test.cpp", "#include <thread>\n")
        self.assertEqual(self.found(), [])
        self.write("base/b.cpp", "#include <thread>\n")
        self.assertIn("src/base/b.cpp:1: <thread>", self.found()[0])

    def test_refuses_an_include_that_is_not_written_from_src(self):
        self.write("wire/b.cpp", '#include "a.h"\n')
        self.assertIn('"a.h" is not a file of src/', self.found()[0])

    def test_refuses_a_folder_that_no_rule_knows(self):
        self.write("new/a.h", "")
        self.assertEqual(self.found(), ["src/new/a.h:1: its folder has no line in tools/layers.txt"])

    def test_refuses_rules_that_name_unknown_layers_or_stand_twice(self):
        for text in ["base: bsae", "base:\nbase:", "<x>: nobody", "base"]:
            with self.assertRaises(ValueError, msg=text):
                Rules(text)


if __name__ == "__main__":
    unittest.main()
