"""Parts, secrets, digests and what a session makes of them: docs/protocol.md sections 4 and 5."""

import os

from .crypto import Key, hmac_sha256, sha256
from .plan import K_HOP, K_JOIN
from .wire import u


class EndpointSecrets:
    """What an endpoint knows: e2e and its own seed."""

    def __init__(self, suite, plan, own, e2e):
        self.suite, self.plan, self.own, self.e2e = suite, plan, own, e2e
        self.seed = os.urandom(suite.length)

    def part(self, name):
        return self.suite.expand(self.seed, b"part", bytes(name), self.suite.length)

    def secret(self, name):
        holders = self.plan.items[name]
        if 0 in holders and self.plan.server in holders:
            return self.suite.expand(self.e2e, b"secret", bytes(name), self.suite.length)
        return self.part(name)

    def parts_for(self, middlebox):
        out = []
        for name in self.plan.held_by(middlebox):
            if self.own in self.plan.givers(name):
                both = len(self.plan.givers(name)) == 2
                out.append((name, self.part(name) if both else self.secret(name)))
        return out

    def table(self):
        return {name: self.secret(name) for name in self.plan.held_by(self.own)}


def middlebox_table(suite, plan, own, from_client, from_server):
    """A middlebox's secrets from the parts that both ends sent; KeyError for a part that is missing."""
    client, server = dict(from_client), dict(from_server)
    out = {}
    for name in plan.held_by(own):
        givers = plan.givers(name)
        if len(givers) == 2:
            out[name] = suite.extract(client[name], server[name])
        else:
            out[name] = (client if givers == [0] else server)[name]
    return out


def digests(table):
    return [(name, sha256(b"louver v1 secret", bytes(name), table[name])) for name in sorted(table)]


class SessionKeys:
    """The keys of one session at one party."""

    def __init__(self, suite, plan, own, table, number, epoch_shift=22):
        self.suite, self.plan, self.own, self.table, self.number = suite, plan, own, table, number
        self.epoch_shift, self.cache = epoch_shift, {}

    def secret(self, name):
        return self.suite.expand(self.table[name], b"session", u(self.number, 8), self.suite.length)

    def key(self, name, epoch=0):
        if (name, epoch) not in self.cache:
            secret = self.secret(name)
            for _ in range(epoch):
                secret = self.suite.expand(secret, b"update", b"", self.suite.length)
            self.cache[name, epoch] = Key(self.suite, secret)
        return self.cache[name, epoch]

    def holds(self, name):
        return name in self.table

    def join_end_tag(self, octets):
        name = (K_JOIN, 0, 0, 0, self.plan.server, 255)
        return hmac_sha256(self.suite.expand(self.secret(name), b"join end", b"", 32), octets)

    def join_hop_tag(self, hop, octets):
        name = (K_HOP, 0, 0, hop, hop + 1, 255)
        return hmac_sha256(self.suite.expand(self.secret(name), b"join hop", b"", 32), octets)
