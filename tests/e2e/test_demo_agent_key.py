"""What `louver demo agent-key` promises: the key is used by who never has it; its checks hold, and can fail."""

import os
import pathlib
import re
import subprocess
import time
import unittest

from harness import LOUVER, SANITIZED, Case


class AgentKey(Case):
    def show(self, *arguments):
        begun = time.monotonic()
        done = subprocess.run([os.path.abspath(LOUVER), "demo", "agent-key", *arguments], capture_output=True, text=True, timeout=110)
        if not SANITIZED:
            self.assertLess(time.monotonic() - begun, 60)
        return done.returncode, done.stdout, done.stderr

    def test_all_its_checks_hold(self):
        code, out, err = self.show()
        self.assertEqual(code, 0, out + err)
        self.assertEqual(len(re.findall(r"^  ok ", out, re.MULTILINE)), 10, out)
        self.assertNotIn("FAILED", out)
        self.assertNotIn("jane.doe@example.org", out)
        self.assertIn("xxxxxxxxxxxxxxxxxxxx this morning.", out)
        self.assertRegex(out, r"(?m)^  200, and is cut off|Blocked by vault.example")

    def test_a_vault_that_does_not_watch_gives_the_key_away_and_the_check_says_so(self):
        code, out, err = self.show("--unwatched")
        self.assertEqual(code, 1, out + err)
        self.assertRegex(out, r"FAILED  the client never saw the key")
        self.assertRegex(out, r"FAILED  nobody wrote the key into a log")  # the guard logs what it reads
        self.assertEqual(out.count("FAILED"), 2, out)

    def test_it_leaves_nothing_behind_unless_asked(self):
        environment = {**os.environ, "TMPDIR": str(self.directory)}
        subprocess.run([os.path.abspath(LOUVER), "demo", "agent-key"], capture_output=True, env=environment, timeout=110)
        self.assertEqual(list(pathlib.Path(self.directory).glob("louver-demo-*")), [])


if __name__ == "__main__":
    unittest.main()
