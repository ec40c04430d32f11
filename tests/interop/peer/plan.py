"""Who holds what: segments, flows, items of a path: docs/protocol.md section 5."""

from .wire import INSPECT, NONE, READ, REDACT, WRITE

K_READ, K_VERIFY, K_REDACT, K_WITNESS, K_HOP, K_AUDIT, K_JOIN, K_END_AUDIT = range(1, 9)


class Segment:
    def __init__(self, context, direction, author, sink):
        self.context, self.direction, self.author, self.sink = context, direction, author, sink
        self.readers, self.witnesses, self.redactors, self.verifiers, self.flow = [], [], [], [], None


class Plan:
    """@param grants  the octets of a Hello or Accept; @param audit  context ids"""

    def __init__(self, middleboxes, contexts, grants, audit=()):
        self.n, self.server, self.contexts, self.grants, self.audit = middleboxes, middleboxes + 1, contexts, grants, audit
        self.ids = [c[0] for c in contexts]
        self.segments = {}  # (context, direction) -> in order of the path
        self.flows = {0: [], 1: []}  # lists of segments that share a sequence
        for ident, directions, _ in contexts:
            for d in (0, 1):
                if directions >> d & 1:
                    self.segments[ident, d] = self._cut(ident, d)
        for d in (0, 1):
            for ident in sorted(self.ids):
                for segment in self.segments.get((ident, d), []):
                    self._join_flow(d, segment)
        self.items = {}  # name -> holders
        self._list_items()

    def grant(self, party, context, direction):
        return self.grants[(party - 1) * len(self.ids) + self.ids.index(context)] >> 4 * direction & 15

    def rank(self, party, direction):
        return party if direction == 0 else self.server - party

    party_at = rank  # it is its own inverse

    def behind(self, parties, party, direction):
        return [p for p in parties if self.rank(p, direction) > self.rank(party, direction)]

    def _cut(self, context, d):
        out, author = [], 0
        for rank in range(1, self.server + 1):
            party = self.party_at(rank, d)
            if rank != self.server and self.grant(party, context, d) != WRITE:
                continue
            s = Segment(context, d, self.party_at(author, d), party)
            for between in (self.party_at(r, d) for r in range(author + 1, rank)):
                grant = self.grant(between, context, d)
                if grant in (READ, INSPECT, REDACT):
                    s.readers.append(between)
                if grant in (INSPECT, REDACT):
                    s.witnesses.append(between)
                if grant == REDACT:
                    s.redactors.append(between)
            s.verifiers = s.readers + [s.sink] if s.readers else []
            out.append(s)
            author = rank
        return out

    def _join_flow(self, d, segment):
        if not segment.redactors:
            for flow in self.flows[d]:
                if not flow[0].redactors and (flow[0].author, flow[0].sink) == (segment.author, segment.sink):
                    flow.append(segment)
                    segment.flow = flow
                    return
        segment.flow = [segment]
        self.flows[d].append(segment.flow)

    def _list_items(self):
        for (context, d), segments in self.segments.items():
            for s in segments:
                self.items[K_READ, d, context, s.author, s.sink, 255] = {s.author, s.sink, *s.readers}
                for v in s.verifiers:
                    self.items[K_VERIFY, d, context, s.author, s.sink, v] = {s.author, v}
                for r in s.redactors:
                    for v in self.behind(s.readers, r, d) + [s.sink]:
                        self.items[K_REDACT, d, context, r, s.sink, v] = {r, v}
                for w in s.witnesses:
                    self.items[K_WITNESS, d, context, w, s.sink, 255] = {w, s.sink}
                if context in self.audit:
                    self.items[K_AUDIT, d, context, s.author, s.sink, 255] = {s.author, s.sink}
            if context in self.audit and len(segments) > 1:
                self.items[K_END_AUDIT, d, context, self.party_at(0, d), self.party_at(self.server, d), 255] = {0, self.server}
        for d in (0, 1):
            for rank in range(self.server):
                sender, receiver = self.party_at(rank, d), self.party_at(rank + 1, d)
                self.items[K_HOP, d, 0, sender, receiver, 255] = {sender, receiver}
        self.items[K_JOIN, 0, 0, 0, self.server, 255] = {0, self.server}

    def held_by(self, party):
        return sorted(name for name, holders in self.items.items() if party in holders)

    def givers(self, name):
        """The endpoints that hand parts of this item to middleboxes."""
        holders = self.items[name]
        ends = [end for end in (0, self.server) if end in holders]
        if len(ends) == 2:
            return [0 if name[1] == 0 else self.server]
        return ends or [0, self.server]

    def segment_on_hop(self, context, direction, rank):
        """The segment that a record is in between the parties of `rank` and `rank` + 1."""
        for s in self.segments[context, direction]:
            if self.rank(s.author, direction) <= rank < self.rank(s.sink, direction):
                return s
        raise KeyError((context, direction, rank))

    def ends_apart(self, context, direction):
        return any(self.grant(m, context, direction) == REDACT for m in range(1, self.server))

    def may_open(self, party, context, direction):
        return party in (0, self.server) or self.grant(party, context, direction) != NONE
