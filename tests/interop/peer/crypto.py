"""AEADs, Expand-Label, keys of a session: docs/protocol.md sections 5 and 6."""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from .wire import u


class Suite:
    def __init__(self, hash_name, key_octets, aead):
        self.hash_name, self.key_octets, self.aead = hash_name, key_octets, aead
        self.length = hashlib.new(hash_name).digest_size

    def expand(self, secret, label, context, length):
        label = b"louver " + label
        info = u(length, 2) + bytes([len(label)]) + label + bytes([len(context)]) + context
        out, block, i = b"", b"", 1
        while len(out) < length:
            block = hmac.new(secret, block + info + bytes([i]), self.hash_name).digest()
            out += block
            i += 1
        return out[:length]

    def extract(self, salt, ikm):
        return hmac.new(salt, ikm, self.hash_name).digest()


SUITES = {0x1301: Suite("sha256", 16, AESGCM), 0x1302: Suite("sha384", 32, AESGCM), 0x1303: Suite("sha256", 32, ChaCha20Poly1305)}


class Key:
    """An AEAD key with its iv, from a session secret."""

    def __init__(self, suite, secret):
        self.aead = suite.aead(suite.expand(secret, b"key", b"", suite.key_octets))
        self.iv = suite.expand(secret, b"iv", b"", 12)

    def nonce(self, number):
        return bytes(a ^ b for a, b in zip(self.iv, u(number, 12)))

    def seal(self, number, plaintext, aad):
        return self.aead.encrypt(self.nonce(number), plaintext, aad)

    def open(self, number, ciphertext, aad):
        return self.aead.decrypt(self.nonce(number), ciphertext, aad)

    def tag(self, number, aad):
        return self.aead.encrypt(self.nonce(number), b"", aad)


def sha256(*octets):
    return hashlib.sha256(b"".join(octets)).digest()


def hmac_sha256(key, octets):
    return hmac.new(key, octets, "sha256").digest()
