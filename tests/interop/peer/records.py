"""DATA and REDACTED at any party: docs/protocol.md section 6."""

from cryptography.exceptions import InvalidTag

from .plan import K_HOP, K_READ, K_REDACT, K_VERIFY, K_WITNESS
from .wire import DATA, EOM, FIN, PAD, REDACTED, frame, u


class BadRecord(Exception):
    pass


class Half:
    """One direction of a session at one party: what comes in on one hop, what goes out on the next."""

    def __init__(self, keys, direction):
        self.keys, self.plan, self.own, self.d = keys, keys.plan, keys.own, direction
        self.rank = self.plan.rank(self.own, direction)
        self.hop_in = self.hop_out = 0
        self.taken, self.given = {}, {}  # id(flow) -> next sequence

    # --- out

    def seal(self, context, exchange, content, flags=0, seq=None):
        """A DATA frame of ours with every tag but the hop tag, as a bytearray whose last 16 octets are for that."""
        segment = self.plan.segment_on_hop(context, self.d, self.rank)
        number = self._next(self.given, segment) if seq is None else seq
        length = 4 + len(content) + 16 * (2 + len(segment.verifiers) + len(segment.witnesses))
        header = bytes([DATA, context, flags]) + u(length, 3) + u(exchange, 4)
        sealed = header + self._read_key(segment, number).seal(number, content, header)
        body = sealed
        for v in segment.verifiers:
            body += self.keys.key((K_VERIFY, self.d, context, segment.author, segment.sink, v)).tag(number, sealed)
        return bytearray(body + bytes(16 * len(segment.witnesses)) + bytes(16))

    def stamp(self, record):
        """Writes the hop tag of the next hop."""
        name = (K_HOP, self.d, 0, self.own, self.plan.party_at(self.rank + 1, self.d), 255)
        record[-16:] = self.keys.key(name).tag(self.hop_out, self._hop_aad(record, self.rank))
        self.hop_out += 1
        return bytes(record)

    def send(self, context, exchange, content, flags=0):
        return self.stamp(self.seal(context, exchange, content, flags))

    def finish(self):
        """FIN on each flow of which this party is the author, in order of their lowest contexts."""
        mine = [flow for flow in self.plan.flows[self.d] if flow[0].author == self.own]
        lowest = sorted(min(s.context for s in flow) for flow in mine)
        return [self.send(context, 0, b"", FIN) for context in lowest]

    # --- in

    def accept(self, octets):
        """Checks the hop tag of a record that came. @return (segment, sequence)"""
        kind, context, flags = octets[0], octets[1], octets[2]
        if (context, self.d) not in self.plan.segments:
            raise BadRecord("context")
        name = (K_HOP, self.d, 0, self.plan.party_at(self.rank - 1, self.d), self.own, 255)
        if self.keys.key(name).tag(self.hop_in, self._hop_aad(octets, self.rank - 1)) != octets[-16:]:
            raise BadRecord("hop tag")
        self.hop_in += 1
        segment = self.plan.segment_on_hop(context, self.d, self.rank - 1)
        number = self._next(self.taken, segment)
        if kind == DATA and flags & FIN and (flags != FIN or self._plain_octets(octets, segment) != 0):
            raise BadRecord("FIN")
        return segment, number

    def open(self, octets, segment, number):
        """The content of a DATA record, every tag that is this party's checked; of a REDACTED one (redactor, octets that were there)."""
        if octets[0] == REDACTED:
            return self._open_tombstone(octets, segment, number)
        plain = self._plain_octets(octets, segment)
        sealed, tags = bytes(octets[:26 + plain]), octets[26 + plain:-16]
        for i, v in enumerate(segment.verifiers):
            if v == self.own and self._key(K_VERIFY, segment, segment.author, v).tag(number, sealed) != tags[16 * i:16 * i + 16]:
                raise BadRecord("verify tag")
        if segment.sink == self.own:
            for i, w in enumerate(segment.witnesses):
                at = 16 * (len(segment.verifiers) + i)
                if self._key(K_WITNESS, segment, w, 255).tag(number, sealed) != tags[at:at + 16]:
                    raise BadRecord("witness tag")
        try:
            content = self._read_key(segment, number).open(number, sealed[10:], sealed[:10])
        except InvalidTag:
            raise BadRecord("AEAD tag") from None
        if octets[2] & PAD:
            zeros = int.from_bytes(content[-2:], "big")
            if len(content) < 2 + zeros or content[len(content) - 2 - zeros:-2] != bytes(zeros):
                raise BadRecord("padding")
            content = content[:len(content) - 2 - zeros]
        if content and octets[2] & EOM and self.plan.ends_apart(segment.context, self.d):
            raise BadRecord("content beside EOM")
        return content

    def bear_witness(self, octets, segment, number):
        """Fills this party's witness slot where there is one."""
        if self.own not in segment.witnesses:
            return
        if octets[0] == DATA:
            at = 26 + self._plain_octets(octets, segment) + 16 * (len(segment.verifiers) + segment.witnesses.index(self.own))
            aad = bytes(octets[:26 + self._plain_octets(octets, segment)])
        else:
            redactor = octets[10]
            behind = self.plan.behind(segment.witnesses, redactor, self.d)
            if self.own not in behind:
                return
            at = 14 + 16 * (len(self.plan.behind(segment.readers, redactor, self.d)) + 1 + behind.index(self.own))
            aad = bytes(octets[:14])
        octets[at:at + 16] = self._key(K_WITNESS, segment, self.own, 255).tag(number, aad)

    def tombstone(self, octets, segment, number):
        """What takes the place of a DATA record that this redactor has opened; the hop tag is still to come."""
        verifiers = self.plan.behind(segment.readers, self.own, self.d) + [segment.sink]
        witnesses = self.plan.behind(segment.witnesses, self.own, self.d)
        length = 8 + 16 * (len(verifiers) + len(witnesses) + 1)
        stated = bytes([REDACTED, octets[1], 0]) + u(length, 3) + bytes(octets[6:10]) + bytes([self.own]) + bytes(octets[3:6])
        tags = b"".join(self._key(K_REDACT, segment, self.own, v).tag(number, stated) for v in verifiers)
        return bytearray(stated + tags + bytes(16 * len(witnesses)) + bytes(16))

    def _open_tombstone(self, octets, segment, number):
        redactor, stated, tags = octets[10], bytes(octets[:14]), octets[14:-16]
        if redactor not in segment.redactors:
            raise BadRecord("redactor")
        verifiers = self.plan.behind(segment.readers, redactor, self.d) + [segment.sink]
        witnesses = self.plan.behind(segment.witnesses, redactor, self.d)
        if self.own in verifiers:
            i = verifiers.index(self.own)
            if self._key(K_REDACT, segment, redactor, self.own).tag(number, stated) != tags[16 * i:16 * i + 16]:
                raise BadRecord("redact tag")
        if segment.sink == self.own:
            for i, w in enumerate(witnesses):
                at = 16 * (len(verifiers) + i)
                if self._key(K_WITNESS, segment, w, 255).tag(number, stated) != tags[at:at + 16]:
                    raise BadRecord("witness tag")
        return redactor, int.from_bytes(octets[11:14], "big") - 4 - 16 * (2 + len(segment.verifiers) + len(segment.witnesses))

    # --- both

    def _key(self, kind, segment, from_, verifier):
        return self.keys.key((kind, self.d, segment.context, from_, segment.sink, verifier))

    def _read_key(self, segment, number):
        return self.keys.key((K_READ, self.d, segment.context, segment.author, segment.sink, 255), number >> self.keys.epoch_shift)

    def _plain_octets(self, octets, segment):
        plain = len(octets) - 10 - 16 * (2 + len(segment.verifiers) + len(segment.witnesses))
        if plain < 0:
            raise BadRecord("length")
        return plain

    def _hop_aad(self, octets, rank):
        if octets[0] == REDACTED:
            return bytes(octets[:-16])
        plain = self._plain_octets(octets, self.plan.segment_on_hop(octets[1], self.d, rank))
        return bytes(octets[:10]) + bytes(octets[10 + plain:-16])

    @staticmethod
    def _next(table, segment):
        number = table.get(id(segment.flow), 0)
        table[id(segment.flow)] = number + 1
        return number


def join_frame(keys, association, alive=0):
    """JOIN as the client makes it."""
    octets = frame(5, 0, 0, association + u(keys.number, 8) + u(alive, 4) + bytes(64))[:34]
    octets += keys.join_end_tag(octets)
    return octets + keys.join_hop_tag(0, octets)
