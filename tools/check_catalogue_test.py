#!/usr/bin/env python3
"""Tests of check_catalogue.py: what it finds, and that it finds it."""

import tempfile
import unittest
from pathlib import Path

import check_catalogue


class CheckCatalogue(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        (self.root / "docs").mkdir()
        (self.root / "tests").mkdir()
        (self.root / "src").mkdir()

    def complaints(self, rows, tests):
        (self.root / "docs/catalogue.md").write_text("".join(f"| {row} | what | N | so |\n" for row in rows))
        (self.root / "tests/x_test.cpp").write_text(tests)
        return check_catalogue.check(self.root)[2]

    def test_an_id_with_a_test_is_fine_in_each_spelling(self):
        self.assertEqual(self.complaints(["RC-01", "AU-03"], "// RC-01: bits\nTEST(X, AU_03_cut) {} def test_AU_03_x"), [])

    def test_an_id_without_a_test_is_named(self):
        self.assertIn("RC-02", self.complaints(["RC-01", "RC-02"], "// RC-01")[0])

    def test_an_id_that_the_catalogue_lacks_is_named_with_its_file(self):
        self.assertEqual(self.complaints(["RC-01"], "// RC-01 RC-99"), ["tests/x_test.cpp: RC-99 is not in docs/catalogue.md"])

    def test_a_longer_number_is_another_word(self):
        self.assertIn("RC-01", self.complaints(["RC-01"], "// RC-011")[0])

    def test_a_row_that_stands_there_twice_and_an_empty_catalogue(self):
        self.assertIn("twice", self.complaints(["RC-01", "RC-01"], "// RC-01")[0])
        self.assertIn("no rows", self.complaints([], "")[0])

    def test_code_that_is_no_test_does_not_count(self):
        (self.root / "src/code.cpp").write_text("// RC-01")
        self.assertIn("RC-01", self.complaints(["RC-01"], "")[0])


if __name__ == "__main__":
    unittest.main()
