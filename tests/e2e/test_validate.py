"""JSON that is not as a schema wants it, and requests without a good token, reach no origin."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import time
import unittest

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

import harness
from harness import Case

SCHEMA = {"type": "object", "required": ["order"], "additionalProperties": False, "properties": {"order": {"type": "string", "pattern": "^[0-9]{1,8}$"}, "n": {"type": "integer", "maximum": 9}}}
SECRET = "s" * 40


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(header=None, key=SECRET, **claims):
    text = b64(json.dumps(header or {"alg": "HS256"}).encode()) + b"." + b64(json.dumps({"exp": int(time.time()) + 600, "aud": "shop", **claims}).encode())
    return (text + b"." + b64(hmac.new(key.encode(), text, hashlib.sha256).digest())).decode()


def fresh(name):
    return {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate}.get(name, lambda: rsa.generate_private_key(65537, 2048))()


def signed(name, key):
    text = b64(json.dumps({"alg": name}).encode()) + b"." + b64(json.dumps({"exp": int(time.time()) + 600, "aud": ["shop"]}).encode())
    if name == "RS256":
        made = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    elif name == "PS256":
        made = key.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    elif name == "ES256":
        made = b"".join(n.to_bytes(32, "big") for n in utils.decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256()))))
    else:
        made = key.sign(text)
    return (text + b"." + b64(made)).decode()


class Validate(Case):
    def serve(self, grants, keys):
        nginx = self.origin()
        nginx.put("hi", b"hello")
        path = self.path(1, origin_port=nginx.port)
        path.offer[1] = grants
        path.filters[1] = f'[[filter]]\ntype = "validate"\n{keys}\n'
        return nginx, path.start()

    def schema_file(self, schema=SCHEMA):
        file = self.directory / "schema.json"
        file.write_text(json.dumps(schema) if isinstance(schema, dict) else schema)
        return f'schema = "{file}"\ncontexts = ["request-body"]'

    def key_file(self, mode=0o600):
        file = self.directory / "jwt.key"
        file.write_text(SECRET + "\n")
        os.chmod(file, mode)
        return f'jwt_key = "{file}"\njwt_algorithm = "HS256"\njwt_audience = "shop"'

    def test_only_json_of_the_schema_reaches_the_origin(self):  # FI-09
        nginx, path = self.serve({"request-body": "write"}, self.schema_file())
        good = b'{"order": "4711", "n": 3}'
        self.assertEqual(self.curl(path, "-X", "PUT", "--data-binary", good, url="/up/good")[2], "201")
        self.assertEqual((nginx.root / "up/good").read_bytes(), good)
        for bad, reason in ((b'{"order": "hunter2"}', '"/order" (pattern)'), (b'{"order": "1", "n": 10}', '"/n" (maximum)'), (b'{"n": 1}', "(required)"),
                            (b'{"order": "1", "order": "2"}', "twice"), (b'{"order": "1"} {}', "no JSON"), (b"\xef\xbb\xbf{}", "no JSON"), (b'{"order": "\\ud800"}', "no JSON"),
                            (b"[" * 100000, "deeper than"), (b"order=1", "no JSON"), (b'{"order": "' + b"1" * 300000 + b'"}', "octets")):
            code, body, status = self.curl(path, "-X", "PUT", "--data-binary", bad if len(bad) < 1000 else self.upload(bad), url="/up/bad")
            self.assertEqual((code, status), (0, "403"), body)
            self.assertIn(reason, body.decode())
            self.assertNotIn("hunter2", body.decode())
            self.assertFalse((nginx.root / "up/bad").exists())

    def upload(self, data):
        file = self.directory / "upload"
        file.write_bytes(data)
        return f"@{file}"

    def test_only_requests_with_a_good_token_reach_the_origin(self):  # FI-09
        _, path = self.serve({"request-credentials": "inspect"}, self.key_file())
        self.assertEqual(self.curl(path, "-H", f"Authorization: Bearer {token()}")[:2], (0, b"hello"))
        for bad, reason in ((None, "no bearer token"), (token(exp=1), "expired"), (token(nbf=int(time.time()) + 300), "not yet valid"), (token(aud="bank"), "audience"),
                            (token({"alg": "none"}), "HS256"), (token(key="t" * 40), "signature"), (token().rsplit(".", 1)[0] + ".", "signature")):
            code, body, status = self.curl(path, *(["-H", f"Authorization: Bearer {bad}"] if bad else []))
            self.assertEqual((code, status), (0, "403"), body)
            self.assertIn(reason, body.decode())

    def test_each_algorithm_takes_its_own_signatures_and_no_others(self):  # FI-09: key confusion
        texts = {}
        keys = {"RS256": rsa.generate_private_key(65537, 2048), "PS256": rsa.generate_private_key(65537, 2048), "ES256": ec.generate_private_key(ec.SECP256R1()),
                "EdDSA": ed25519.Ed25519PrivateKey.generate()}
        _, path = self.serve({"request-credentials": "inspect"}, self.key_file())
        file = self.directory / "jwt.pem"
        for name, key in keys.items():
            texts[name] = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            file.write_bytes(texts[name])
            path.filters[1] = f'[[filter]]\ntype = "validate"\njwt_key = "{file}"\njwt_algorithm = "{name}"\njwt_audience = "shop"\n'
            path.rewrite(1)
            path.control(1, "reload")
            good = signed(name, key)
            self.assertEqual(self.curl(path, "-H", f"Authorization: Bearer {good}")[:2], (0, b"hello"), name)
            others = [signed(other, keys[other]) for other in keys if other != name]
            confused = token({"alg": name}, key=texts[name].decode()), token(key=texts[name].decode())  # the public key as a secret
            middle = good.rindex(".") + 20
            changed = good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1:]
            for bad in (*others, *confused, changed, good.replace(".", "..", 1), signed(name, fresh(name))):
                self.assertEqual(self.curl(path, "-H", f"Authorization: Bearer {bad}")[2], "403", f"{name}: {bad}")
        for name in keys:
            file.write_bytes(texts[name])
            for other in ("RS256", "PS256", "ES256", "EdDSA", "HS256"):
                both_rsa = {name, other} <= {"RS256", "PS256"}
                os.chmod(file, 0o600)
                code, said = self.check(path, f'jwt_key = "{file}"\njwt_algorithm = "{other}"')
                self.assertEqual(code, 0 if name == other or both_rsa else 2, f"{name} for {other}: {said}")

    def check(self, path, keys):
        path.filters[1] = f'[[filter]]\ntype = "validate"\n{keys}\n'
        config = self.directory / "other.toml"
        config.write_text(path.config_text(1))
        done = subprocess.run([harness.LOUVER, "middlebox", "--check", "--config", str(config)], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_what_could_not_be_checked_is_refused_before_anything_starts(self):
        _, path = self.serve({"request-body": "inspect"}, self.schema_file())
        for keys, reason in ((lambda: self.schema_file({"format": "email"}), "formats are not checked"), (lambda: self.schema_file({"$ref": "http://x.example/"}), "within the document"),
                             (lambda: self.schema_file({"pattern": "(?=a)"}), "linear time"), (lambda: self.schema_file('{"type": "object", "type": "array"}'), "twice"),
                             (lambda: self.schema_file().replace("request-body", "request-head"), "no body"), (lambda: "", "validates nothing"),
                             (lambda: self.key_file(0o644), "chmod 600"), (lambda: self.key_file().replace("HS256", "RS256"), "no public key"),
                             (lambda: self.key_file().replace('jwt_algorithm = "HS256"\n', ""), "no token may choose it")):
            code, said = self.check(path, keys())
            self.assertEqual(code, 2, said)
            self.assertIn(reason, said)


if __name__ == "__main__":
    unittest.main()
