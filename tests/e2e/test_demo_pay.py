"""What `louver demo pay` promises: the shop fills in the order and never sees the card; its checks hold, and can fail."""

import os
import re
import signal
import subprocess
import unittest
import urllib.request

from harness import LOUVER, Case


class Pay(Case):
    def show(self, *arguments):
        done = subprocess.run([os.path.abspath(LOUVER), "demo", "pay", *arguments], capture_output=True, text=True, timeout=110)
        return done.returncode, done.stdout, done.stderr

    def test_all_its_checks_hold(self):
        code, out, err = self.show()
        self.assertEqual(code, 0, out + err)
        self.assertEqual(len(re.findall(r"^  ok ", out, re.MULTILINE)), 7, out)
        self.assertNotIn("FAILED", out)
        seen = re.search(r"^the shop sees +(.*)$", out, re.MULTILINE).group(1)
        self.assertEqual(seen, "item=book&order=..........&total=59.00&card=████████&code=████████")
        self.assertIn("Paid 53.10 for order 2026-04711 with the card that ends in 1111.", out)

    def test_a_card_that_stands_in_the_form_is_seen_and_the_check_says_so(self):
        code, out, err = self.show("--unlifted")
        self.assertEqual(code, 1, out + err)
        self.assertRegex(out, r"FAILED  the shop saw neither card nor code")
        self.assertIn("4111111111111111", re.search(r"^the shop sees +(.*)$", out, re.MULTILINE).group(1))

    def test_a_browser_can_pay(self):
        process = subprocess.Popen([os.path.abspath(LOUVER), "demo", "pay", "--browse"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        url = None
        while url is None:
            line = process.stderr.readline()
            self.assertTrue(line, "it has ended")
            url = re.search(r"http://127\.0\.0\.1:\d+/", line)
        with urllib.request.urlopen(url.group(0), timeout=10) as answer:
            page = answer.read().decode()
        fields = re.findall(r"name=(\w+) value=([^ >]*)", page)
        self.assertEqual([name for name, _ in fields], ["item", "order", "total", "card", "code"])
        form = "&".join(f"{name}={value}" for name, value in fields).encode()
        with urllib.request.urlopen(url.group(0) + "pay", data=form, timeout=10) as answer:
            self.assertIn("Paid 53.10 for order 2026-04711", answer.read().decode())
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, err)
        self.assertIn("card=████████", err)


if __name__ == "__main__":
    unittest.main()
