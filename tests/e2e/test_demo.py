"""What `louver demo` promises: it ends by itself in time, with 0 only if all went as it must, with curl and without."""

import json
import os
import subprocess
import time
import unittest

from harness import LOUVER, SANITIZED, Case


class Demo(Case):
    def run_demo(self, *arguments, curl=True):
        if not curl:  # as where it is not installed
            arguments += ("--own-client",)
        begun = time.monotonic()
        done = subprocess.run([os.path.abspath(LOUVER), "demo", *arguments], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        if not SANITIZED:
            self.assertLess(time.monotonic() - begun, 20)
        return done.stdout

    def test_a_matrix_of_who_saw_what(self):
        for curl in (True, False, False, False):
            with self.subTest(curl=curl):
                told = json.loads(self.run_demo("--json", curl=curl))
                self.assertEqual(len(told["requests"]), 4)
                self.assertGreaterEqual(len(told["parties"]), 4)
                self.assertTrue(told["matrix"])

    def test_each_attempt_of_an_insider_is_noticed_and_delivers_nothing(self):
        for curl in (True, False, False, False):
            with self.subTest(curl=curl):
                told = json.loads(self.run_demo("--cheat", "--json", curl=curl))
                self.assertGreaterEqual(len(told["cheats"]), 12)
                for one in told["cheats"]:
                    self.assertEqual(one["delivered_bytes"], 0, one)
                    self.assertTrue(one["noticed_by"] or one["attempt"] == "read", one)


if __name__ == "__main__":
    unittest.main(verbosity=2)
