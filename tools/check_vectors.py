#!/usr/bin/env python3
"""check_vectors.py LOUVER FOLDER: the program agrees with every document of FOLDER, writes its own ones octet for octet, and says
in one line and by its exit code (1 for a document, 2 for the command line) what is wrong with a bad one."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

LOUVER, FOLDER = sys.argv[1], Path(sys.argv[2])
CAPTURED = {"session.json"}  # written by a test program from a run of its own, so that it cannot be made again


def run(*arguments):
    done = subprocess.run([LOUVER, "vectors", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


class Vectors(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, content):
        path = self.folder / "document.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    def refused(self, path, word):
        code, out, error = run("verify", path)
        self.assertEqual((code, out), (1, ""), error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertTrue(error.startswith(f"{path}: "), error)
        self.assertIn(word, error)

    def document(self, name="n1-redact.json"):
        return json.loads((FOLDER / name).read_text())

    def test_agrees_with_every_document(self):
        documents = sorted(FOLDER.glob("*.json"))
        self.assertGreater(len(documents), 1)
        self.assertEqual(run("verify", *documents), (0, "", ""))

    def test_makes_its_own_documents_octet_for_octet(self):
        self.assertEqual(run("make", self.folder), (0, "", ""))
        made = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        kept = {path.name: path.read_bytes() for path in FOLDER.glob("*.json") if path.name not in CAPTURED}
        self.assertEqual(sorted(made), sorted(kept))
        for name, octets in made.items():
            self.assertTrue(octets == kept[name], f"{name}: write it anew with `louver vectors make {FOLDER}`")

    def test_names_what_differs(self):
        document = self.document()
        document["secrets"][3]["iv"] = "00" * 12
        document["steps"][1]["records"][0]["hop_tag"] = "00" * 16
        path = self.write(document)
        code, out, error = run("verify", FOLDER / "n1-none.json", path)
        self.assertEqual((code, error), (1, ""))
        self.assertEqual(out.splitlines(), [f"{path}: /secrets/3/iv: differs from what is computed",
                                            f"{path}: /steps/1/records/0/hop_tag: differs from what is computed"])

    # AU-03
    def test_names_what_differs_in_an_audit(self):
        document = self.document("n1-write.json")
        value, verdict, receipt = document["steps"][2]["audit"][3], document["steps"][2]["judged"][0], document["receipts"][1]
        value["audit"] = value["audit"][:38] + "00" + value["audit"][40:]  # changed
        value["chain"], verdict["verdict"], verdict["changed"] = "00" * 32, "unmodified", []
        for member, octets in (("public_key", 32), ("body", 86), ("signature", 64), ("receipt", 154)):
            receipt[member] = "00" * octets
        path = self.write(document)
        code, out, error = run("verify", path)
        self.assertEqual((code, error), (1, ""))
        self.assertEqual(out.splitlines(), [f"{path}: {place}: differs from what is computed" for place in (
            "/steps/2/audit/3/audit", "/steps/2/audit/3/chain", "/steps/2/judged/0/verdict", "/steps/2/judged/0/changed",
            "/receipts/1/public_key", "/receipts/1/body", "/receipts/1/signature", "/receipts/1/receipt")])

    def test_shows_no_more_differences_than_can_be_read(self):
        document = self.document("n3-flows.json")
        for step in document["steps"]:
            for record in step["records"]:
                record["frame"] = "00"
        code, out, _ = run("verify", self.write(document))
        self.assertEqual(code, 1)
        self.assertEqual(len(out.splitlines()), 21)
        self.assertRegex(out.splitlines()[-1], r": and \d+ more$")

    def test_refuses_what_is_no_document(self):
        for content, word in [(b"", "not JSON"), (b"\xff\xfe", "not JSON"), (b"{", "not JSON"), (b"[]", "object"), (b"{}", "/format"),
                              (b'{"format": 1, "inputs": {}}', "/format"), (b'{"format": "x", "inputs": {}}', "/format"),
                              (b'{"a": 1, "a": 2}', "twice"), (b"[" * 100000, "not JSON"),
                              (b"[" * 100000 + b"]" * 100000, "nested"), (b" " * 300000, "octets")]:
            with self.subTest(content=content[:20]):
                self.refused(self.write(content), word)

    def test_refuses_wrong_inputs_by_their_path(self):
        for member, value in [("hello", "0"), ("hello", 7), ("hello", "00"), ("e2e", "11"), ("session", -1), ("session", 1.0), ("alive", 1 << 32),
                              ("epoch_shift", 23), ("steps", {}), ("steps", [{}]), ("client_seed", None), ("manifest", "zz"), ("receipt_keys", {"0": "00" * 32})]:
            with self.subTest(member=member, value=value):
                document = self.document()
                document["inputs"][member] = value
                self.refused(self.write(document), f"/inputs/{member}")

    def test_refuses_files_that_are_none(self):
        for path in (self.folder, self.folder / "absent.json"):
            self.refused(path, "cannot be read")
        code, out, error = run("make", self.folder / "absent")
        self.assertEqual((code, out, error.count("\n")), (1, "", 1))

    def test_checks_the_other_files_too(self):
        path = self.write(b"{")
        self.assertEqual(run("verify", path, FOLDER / "n0-stream.json")[0], 1)
        document = self.document()
        document["association"] = "00" * 16
        other = self.folder / "other.json"
        other.write_text(json.dumps(document))
        code, out, error = run("verify", path, other)
        self.assertEqual(code, 1)
        self.assertIn("/association: differs", out)
        self.assertIn("not JSON", error)

    def test_a_wrong_command_line_is_another_exit_code(self):
        for arguments in ([], ["verify"], ["make"], ["check", "x"], ["verify", "--fast", "x"]):
            self.assertEqual(run(*arguments)[0], 2, arguments)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
