"""What a live process still holds of an association that has ended: its memory is read and searched. And the key log."""

import hashlib
import hmac
import os
import pathlib
import socket
import stat
import struct
import subprocess
import time
import unittest

from harness import LOUVER, SANITIZED, Case, wait_for
from listening import Echo

ERASED_WITHIN = 1.0  # seconds, SECURITY KI-10


def expand_label(secret, label, context, length):
    """docs/protocol.md section 5, with SHA-256."""
    name = b"louver " + label
    info = struct.pack("!HB", length, len(name)) + name + bytes([len(context)]) + context
    out, block = b"", b""
    while len(out) < length:
        block = hmac.new(secret, block + info + bytes([len(out) // 32 + 1]), hashlib.sha256).digest()
        out += block
    return out[:length]


def read_key_log(path):
    """association id -> {item name: secret}"""
    out = {}
    for line in pathlib.Path(path).read_text().splitlines():
        label, association, item, secret = line.split(" ")
        assert label == "LOUVER_ITEM" and len(association) == 32 and len(item) == 12, line
        out.setdefault(association, {})[item] = bytes.fromhex(secret)
    return out


def of_sessions(items, numbers):
    """What sessions make of an association's secrets: their secrets and keys, by a name for messages."""
    out = {}
    for item, secret in items.items():
        for number in numbers:
            made = expand_label(secret, b"session", struct.pack("!Q", number), 32)
            out[f"session {number} of {item}"] = made
            out[f"key {number} of {item}"] = expand_label(made, b"key", b"", 16)
    return out


def memory(pid):
    """All that the process can write to, piece by piece."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            addresses, rights = line.split()[:2]
            if not rights.startswith("rw"):
                continue
            begin, end = (int(a, 16) for a in addresses.split("-"))
            mem.seek(begin)
            try:
                yield line.split()[-1], mem.read(end - begin)
            except OSError:
                continue  # it went meanwhile


def found(process, needles):
    """Which of the needles (name -> octets) the process's memory holds, and where."""
    out = {}
    for where, piece in memory(process.process.pid):
        for name, octets in needles.items():
            if octets in piece:
                out.setdefault(name, where)
    return out


@unittest.skipIf(SANITIZED, "a sanitizer's shadow of the memory is no memory of ours")
class Secrets(Case):
    def logged(self, n, **options):
        path = self.path(n, **options)
        original = path.common
        path.common = lambda i: original(i) + f'[debug]\nkeylog = "{self.directory}/keys{i}"\n'
        path.environments = {i: {"LOUVER_KEYLOGFILE": f"{self.directory}/keys{i}"} for i in range(n + 2)}
        return path

    def items(self, i, association=0):
        """What party i says to hold of its first (or a later) association."""
        return list(read_key_log(self.directory / f"keys{i}").values())[association]

    def gone(self, process, needles, what):
        """None of it is there any more, within the time that is allowed."""
        end = time.monotonic() + ERASED_WITHIN
        left = found(process, needles)
        while left and time.monotonic() < end:
            time.sleep(0.05)
            left = found(process, needles)
        self.assertEqual(left, {}, what)

    def test_KI_10_RG_05_what_is_left_of_an_association_whose_path_broke(self):
        """KI-10, RG-05: all secrets, and what sessions made of them, are in memory while it lives and nowhere one second after its end."""
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.logged(1, origin_port=origin.port)
        path.offer[1] = {"request-head": "read", "response-body": "write"}
        path.start()
        for _ in range(3):
            self.assertEqual(self.curl(path)[1], b"hello")
        held = {i: self.items(i) for i in range(3)}
        self.assertEqual(len({*map(str, (list(read_key_log(self.directory / f"keys{i}")) for i in range(3)))}), 1, "one association, the same at all")
        everything = {item: secret for items in held.values() for item, secret in items.items()}
        self.assertGreater(len(everything), 10)
        for i in range(3):
            there = found(path.processes[i], everything)
            self.assertEqual(set(there), set(held[i]), f"party {i} holds its own secrets (the control of this test), and no other")
        path.processes[1].kill()
        for i in (0, 2):
            path.processes[i].wait_event("association.fail")
            self.gone(path.processes[i], {**held[i], **of_sessions(held[i], range(1, 5))}, f"party {i}")

    def test_RG_06_KI_10_a_session_that_outlives_its_association_keeps_its_own_secrets_only(self):
        """RG-06, KI-10: after a Close and its grace the association's secrets are gone at every party, while a session goes on; at its end, its own too."""
        echo = Echo()
        self.addCleanup(echo.close)
        path = self.logged(2, profile="stream/1", origin_port=echo.port)
        path.offer = {1: {"upstream": "read", "downstream": "inspect"}, 2: {"upstream": "write"}}
        path.start()
        held = {i: self.items(i) for i in range(4)}
        sessions = {i: of_sessions(held[i], [1]) for i in range(4)}
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=10) as s:
            self.say(s, b"one")
            for i in range(4):
                self.assertEqual(set(found(path.processes[i], held[i])), set(held[i]), f"party {i}, the control")
            path.control(3, "renew")  # Close at once; the session may end by itself
            path.agent.wait_event("association.open", 2)
            time.sleep(10)  # the grace of docs/protocol.md section 8, at every party
            for i in range(4):
                self.gone(path.processes[i], held[i], f"the association, party {i}")
                self.assertTrue(found(path.processes[i], sessions[i]), f"the session's own, party {i}")
            self.say(s, b"two")
        for i in range(4):
            wait_for(lambda i=i: self.sessions(path, i) == 0, "the session's end")
            self.gone(path.processes[i], {**held[i], **sessions[i]}, f"party {i}")

    def say(self, s, words):
        s.sendall(words)
        self.assertEqual(s.recv(100), words)

    @staticmethod
    def sessions(path, i):
        return sum(a["sessions"] for a in path.control(i, "status")["associations"])


class KeyLog(Case):
    """LG-01: nothing but this file ever holds a secret, and it only when both who configure and who start the process want it."""

    def gateway(self, environment, mode=None, link=False):
        """Starts a gateway that is to write its key log. @return exit code (None: it runs), what it said"""
        path = self.path(0, origin_port=1)
        file = self.directory / "keys"
        if mode is not None:
            file.write_text("")
            file.chmod(mode)
        if link:
            file.symlink_to(self.directory / "elsewhere")
        path.common = lambda i, original=path.common: original(i) + f'[debug]\nkeylog = "{file}"\n'
        path.rewrite(1)
        process = subprocess.Popen([LOUVER, "gateway", "--config", str(path.config_path(1))], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   env={k: v for k, v in {**os.environ, "LOUVER_KEYLOGFILE": environment}.items() if v is not None})
        lines, runs = [], False
        for line in process.stderr:
            lines.append(line)
            if '"keylog.on"' in line:
                runs = True
                process.kill()
        process.stderr.close()
        code = process.wait(20)
        return None if runs else code, "".join(lines)

    def test_LG_01_both_the_file_and_the_environment_must_want_it(self):
        file = self.directory / "keys"
        for environment in (None, "", "/tmp/other"):
            with self.subTest(environment=environment):
                code, said = self.gateway(environment)
                self.assertEqual(code, 2, said)
                self.assertIn(f"Set LOUVER_KEYLOGFILE={file}", said)
                self.assertFalse(file.exists())
        code, said = self.gateway(str(file))
        self.assertIsNone(code, said)
        self.assertIn("SECRETS ARE WRITTEN", said)
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)

    def test_LG_01_a_file_that_others_may_read_or_that_is_a_link_is_refused(self):
        for mode in (0o644, 0o640, 0o602):
            with self.subTest(mode=oct(mode)):
                code, said = self.gateway(str(self.directory / "keys"), mode)
                self.assertEqual(code, 2, said)
                self.assertIn("chmod 600", said)
        (self.directory / "keys").unlink()
        code, said = self.gateway(str(self.directory / "keys"), link=True)
        self.assertEqual(code, 2, said)
        self.assertIn("symbolic link", said)

    def test_LG_01_the_environment_alone_writes_nothing_and_says_so(self):
        path = self.path(0, origin_port=1)
        path.environment = {"LOUVER_KEYLOGFILE": str(self.directory / "keys")}
        path.start()
        self.assertIn("does nothing", path.gateway.wait_event("keylog.on")[0]["what"])
        self.assertFalse((self.directory / "keys").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
