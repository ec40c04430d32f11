"""Audit with receipts between real processes: honest logs are accepted, tampered ones refused with their reason."""

import hashlib
import json
import os
import shutil
import subprocess
import unittest

from harness import FULL, LOUVER, Case, run

MESSAGES = 10_000 if FULL else 1_000


def rechain(objects):
    """What a log's owner can do: lines that fit together again, whatever they say."""
    before = bytes(32)
    lines = []
    for number, one in enumerate(objects):
        one = {k: v for k, v in one.items() if k != "hash"} | {"n": number}
        text = json.dumps(one, separators=(",", ":"))[:-1]
        before = hashlib.sha256(b"louver v1 audit line" + before + text.encode()).digest()
        lines.append(text + f',"hash":"{before.hex()}"}}')
    return lines


class Audit(Case):
    def audited_path(self, messages):
        origin = self.origin()
        origin.put("hi", b"hello, audit")
        path = self.path(2, origin_port=origin.port)
        path.offer = {1: {"request-head": "write"}, 2: {"response-body": "read"}}
        path.filters[1] = '[[filter]]\ntype = "edit"\nset = { "x-checked" = "yes" }\n'
        logs = [self.directory / "agent.audit", self.directory / "gateway.audit"]
        common = path.common

        def with_audit(i):
            log = logs[0] if i == 0 else logs[1] if i == 3 else None
            return common(i) + (f'[audit]\nlog = "{log}"\nsecrets = "{log}.secrets"\n' if log else "")

        path.common = with_audit
        agent = path.agent_config
        path.agent_config = lambda: agent().replace('profile = "http/1"\n', 'profile = "http/1"\naudit = "all"\n', 1)
        gateway = path.gateway_config
        path.gateway_config = lambda: gateway() + '[policy]\naudit = "all"\nrequire_audit = true\n'
        path.start()
        config = self.directory / "curl.txt"
        config.write_text("".join(f'url = "http://site.example/hi"\noutput = "/dev/null"\n' for _ in range(messages)))
        run(["curl", "-s", "-S", "--fail", "-x", f"http://127.0.0.1:{path.ports[0]}", "-K", str(config)])
        for party in (0, 3):
            self.assertEqual(path.processes[party].stop(), 0, "".join(path.processes[party].raw)[-2000:])
        return path, logs

    def verify(self, *logs, trust=None):
        done = subprocess.run([LOUVER, "audit", "verify", *map(str, logs), "--trust", str(trust or self.directory / "pki/ca.pem"), "--json"],
                              capture_output=True, text=True, timeout=120)
        return done.returncode, json.loads(done.stdout) if done.stdout else [], done.stderr

    def refused(self, lines, reason, name, against=()):
        spoiled = self.directory / "spoiled.audit"
        spoiled.write_text("".join(line + "\n" for line in lines) if isinstance(lines, list) else lines)
        code, reports, err = self.verify(spoiled, *against)
        self.assertEqual(code, 1, f"{name}: {reports} {err}")
        said = json.dumps(reports)
        self.assertIn(reason, said, name)

    def test_AU_01_AU_03_honest_logs_are_accepted_and_tampered_ones_are_not(self):
        path, logs = self.audited_path(MESSAGES)
        code, reports, err = self.verify(*logs)
        self.assertEqual(code, 0, json.dumps(reports)[-3000:] + err)
        counts = reports[1]["messages"]
        self.assertEqual(counts["changed"], MESSAGES)  # every request head, by M1
        self.assertEqual(counts["unmodified"], 2 * MESSAGES)
        self.assertEqual(reports[0]["messages"], {"unmodified": 3 * MESSAGES})
        for log in logs:
            self.assertEqual(os.stat(log).st_mode & 0o777, 0o600)
            self.assertNotIn(b"hello, audit", log.read_bytes())

        lines = logs[1].read_text().splitlines()
        objects = [json.loads(line) for line in lines]
        where = lambda kind, n=0: [i for i, one in enumerate(objects) if one["type"] == kind][n]
        message, receipt, end = where("message", 5), where("receipt"), where("session_end")

        def edit(index, **changes):
            copy = [dict(one) for one in objects]
            copy[index].update(changes)
            return rechain(copy)

        without = lambda *indices: rechain([one for i, one in enumerate(objects) if i not in indices])
        text = logs[1].read_text()
        flipped = lines[message][:60] + chr(ord(lines[message][60]) ^ 1) + lines[message][61:]
        self.refused(lines[:message] + [flipped] + lines[message + 1:], f'"line": {message + 1}', "a flipped bit")
        self.refused(lines[:message] + lines[message + 1:], "its hash does not fit", "a line taken out")
        self.refused(lines[:message] + [lines[message + 1], lines[message]] + lines[message + 2:], "its hash does not fit", "two lines exchanged")
        self.refused(lines[:message] + [lines[message]] + lines[message:], "its hash does not fit", "a line twice")
        self.refused(lines[:-1], "has no end", "the tail cut off at a line")
        self.refused(text[:-20], "the last line is cut off", "the tail cut off within a line")
        self.refused(lines[:receipt] + lines[end + 1:], "its hash does not fit", "receipts cut out")
        self.refused(without(message), "values, and the log has", "a message taken out and chained anew")
        verdict = objects[message]["verdict"]
        self.refused(edit(message, verdict="redacted"), f'its values say \\"{verdict}\\"', "another verdict, chained anew")
        values = [dict(v) for v in objects[message]["values"]]
        for v in values:
            v["audit"] = v["audit"][:-2] + ("00" if v["audit"][-2:] != "00" else "01")
        spoiled = edit(message, values=values)
        self.refused(spoiled, "about other values", "other values, chained anew")
        forged = dict(objects[receipt])["receipt"]
        other = ("A" if forged[100] != "A" else "B")
        self.refused(edit(receipt, receipt=forged[:100] + other + forged[101:]), "receipt", "a forged receipt")
        self.refused(without(receipt), "is not there", "a receipt taken out, chained anew")
        self.refused(edit(end, unsigned_by=[1]), "has signed", "a party said not to have signed")
        association = where("association")
        self.refused(edit(association, self=0), "not received here", "the log called the other end's")
        parties = [dict(one) for one in objects[association]["parties"]]
        parties[1]["certificates"] = parties[2]["certificates"]
        self.refused(edit(association, parties=parties), "party", "another party's certificate")
        self.refused(without(association), "does not have", "the association taken out")
        self.refused([], "empty", "an empty log")
        alone = [one for one in objects if one["type"] in ("start", "association", "association_end")]
        self.refused(rechain(alone), "lacks the last receipt", "all sessions taken out, beside the other end's log", [logs[0]])
        run([LOUVER, "pki", "init", str(self.directory / "stranger")])
        code, reports, _ = self.verify(logs[1], trust=self.directory / "stranger/ca.pem")
        self.assertEqual(code, 1)
        self.assertIn("trust anchor", json.dumps(reports))

        self.disclose(logs[1], objects)
        self.assertIn("verdict=changed", run([LOUVER, "audit", "show", str(logs[1])]))
        self.assertEqual(len(json.loads(run([LOUVER, "audit", "export", str(logs[1])]))), len(lines))

    def disclose(self, log, objects):
        body = next(one for one in objects if one["type"] == "message" and one["context"] == "request-body")
        candidate = self.directory / "candidate"
        command = [LOUVER, "audit", "disclose", str(log), "--secrets", f"{log}.secrets", "--association", body["association"],
                   "--session", str(body["session"]), "--context", "request-body", "--direction", "c2s", "--exchange",
                   str(body["exchange"]), "--from", "0", "--to", "3", "--candidate", str(candidate)]
        candidate.write_bytes(b"")
        self.assertIn("it is this message", run(command))
        candidate.write_bytes(b"another")
        self.assertEqual(subprocess.run(command, capture_output=True).returncode, 1)

    def test_AU_03_a_log_goes_on_after_a_kill_in_mid_line(self):
        path, logs = self.audited_path(3)
        with open(logs[1], "ab") as log:
            log.write(b'{"type":"message","associat')
        path.processes[3] = None
        del path.processes[3]
        path.start_party(3)
        self.assertEqual(path.processes[3].stop(), 0)
        code, reports, err = self.verify(logs[1])
        self.assertEqual(code, 0, json.dumps(reports) + err)
        self.assertEqual([json.loads(line).get("type") for line in logs[1].read_text().splitlines() if line.endswith("}")].count("resume"), 1)

    def test_a_gateway_that_demands_an_audit_refuses_who_offers_none(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        gateway = path.gateway_config
        path.gateway_config = lambda: gateway() + f'[policy]\naudit = "all"\nrequire_audit = true\n[audit]\nlog = "{self.directory}/g.audit"\n'
        path.start(agree=False)
        path.agent.wait_event("association.fail", alert="grant_refused")

    def test_an_agent_that_demands_an_audit_refuses_a_gateway_that_gives_none(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        agent = path.agent_config
        path.agent_config = lambda: agent().replace("default = true\n", 'default = true\naudit = ["request-body"]\n', 1) + f'[audit]\nlog = "{self.directory}/a.audit"\n'
        path.start(agree=False)
        path.gateway.wait_event("association.fail", alert="grant_refused")


if __name__ == "__main__":
    unittest.main(verbosity=2)
