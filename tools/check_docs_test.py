#!/usr/bin/env python3
"""Shows that check_docs.py finds dead links: each test plants one in a small tree."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from check_docs import anchors, faults  # noqa: E402


class CheckDocs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write("docs/a.md", "# One thing: `code` & more\n\n## Again\n## Again\n")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def test_accepts_links_that_lead_somewhere(self):
        self.write("README.md", "[a](docs/a.md) [b](docs/a.md#one-thing-code--more) [c](#here) [d](https://example.com/x)\n# Here\n")
        self.write("docs/b.md", "[a](a.md#again-1) [root](/README.md)\n\n[r]: ../README.md#here\n")
        self.assertEqual(faults(self.root), [])

    def test_refuses_a_missing_file_with_its_line(self):
        self.write("README.md", "text\n\n[a](docs/none.md)\n")
        self.assertEqual(faults(self.root), ["README.md:3: docs/none.md: no such file"])

    def test_refuses_a_missing_anchor(self):
        self.write("README.md", "[a](docs/a.md#two)\n[b]: #none\n")
        self.assertEqual(len(faults(self.root)), 2)

    def test_refuses_a_link_out_of_the_repository(self):
        self.write("README.md", "[a](../x.md)\n")
        self.assertIn("leads out of the repository", faults(self.root)[0])

    def test_does_not_read_code(self):
        self.write("README.md", "`[a](none.md)`\n```\n[a](none.md)\n# no heading\n```\n")
        self.assertEqual(faults(self.root), [])

    def test_does_not_read_what_was_built(self):
        self.write("build/x.md", "[a](none.md)\n")
        self.assertEqual(faults(self.root), [])

    def test_makes_the_anchors_of_headings(self):
        self.assertEqual(anchors("# A b, c!\n## A b, c!\n<a id=\"own\"></a>\n"), {"a-b-c", "a-b-c-1", "own"})


if __name__ == "__main__":
    unittest.main()
