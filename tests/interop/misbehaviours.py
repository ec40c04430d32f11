"""Every way in which the second implementation can misbehave, who must notice, and with which alert. test_misbehaviours.py plays them against real processes.

A row: name, id of docs/catalogue.md, who notices, the alert, and how. `internal_error` is missing: no peer can provoke it, it stands for a fault of the party itself.
"""

from peer import wire
from peer.channel import C, E
from peer.wire import CHANNEL, DATA, EOM, FIN, HELLO, JOIN, PAD, frame, u

ROWS = []


class Row:
    def __init__(self, role, name, ident, notices, alert, play):
        self.role, self.name, self.ident, self.notices, self.alert, self.play = role, name, ident, notices, alert, play


def row(role, name, ident, notices, alert):
    def note(play):
        ROWS.append(Row(role, name, ident, notices, alert, play))
        return play
    return note


def flip(octets, at=0, bit=1):
    changed = bytearray(octets)
    changed[at] ^= bit
    return bytes(changed)


class Lie:
    """A twist that changes what the named sayings say; {name: function of the honest value}."""

    def __init__(self, **says):
        self.says = says

    def __call__(self, name, value):
        return self.says[name](value) if name in self.says else value


# --- as a client: what is sent to a middlebox before any handshake

def raw(name, ident, alert, octets, notices="m1"):
    """`octets`: function of (route, hello maker) that gives what is sent on a new connection."""
    row("client", name, ident, notices, alert)(lambda stage: stage.send_raw(octets(stage)))


def hello_with(**changes):
    def make(stage):
        hello = stage.hello()
        for key, value in changes.items():
            setattr(hello, key, value(hello) if callable(value) else value)
        return frame(HELLO, 0, 0, hello.encode())
    return make


def body_with(change):
    return lambda stage: frame(HELLO, 0, 0, change(stage.hello().encode()))


raw("hello_with_an_octet_left_over", "HS-10", "bad_frame", body_with(lambda b: b + b"\0"))
raw("hello_cut", "HS-10", "bad_frame", body_with(lambda b: b[:-1]))
raw("hello_of_another_version", "HS-10", "unsupported_version", hello_with(versions=(2,)))
raw("hello_without_versions", "HS-10", "bad_frame", hello_with(versions=()))
raw("hello_with_an_unknown_suite", "HS-10", "unsupported_suite", hello_with(suites=(0x1399,)))
raw("hello_with_an_unknown_suite_beside_a_good_one", "HS-10", "unsupported_suite", hello_with(suites=(0x1301, 0x1304)))
raw("hello_without_suites", "HS-10", "bad_frame", hello_with(suites=()))
raw("hello_that_does_not_name_the_middlebox", "HS-01", "not_in_route", hello_with(route=lambda h: [("m9.example", 4001), h.route[1]]))
raw("hello_to_an_unknown_next_party", "DS-03", "next_hop_refused", hello_with(route=lambda h: [h.route[0], ("other.example", 4002)]))
raw("hello_to_another_port_of_the_next_party", "DS-03", "next_hop_refused", hello_with(route=lambda h: [h.route[0], (h.route[1][0], 22)]))
raw("hello_with_a_name_in_upper_case", "HS-10", "bad_frame", hello_with(route=lambda h: [("M1.example", 4001), h.route[1]]))
raw("hello_with_a_wildcard", "HS-10", "bad_frame", hello_with(route=lambda h: [h.route[0], ("*.example", 4002)]))
raw("hello_with_a_nul_in_a_name", "HS-10", "bad_frame", hello_with(route=lambda h: [h.route[0], ("gateway.example\0", 4002)]))
raw("hello_with_port_0", "HS-10", "bad_frame", hello_with(route=lambda h: [(h.route[0][0], 0), h.route[1]]))
raw("hello_with_a_party_twice", "HS-06", "bad_frame", hello_with(route=lambda h: [h.route[0], h.route[0], h.route[1]], grants=lambda h: h.grants * 2))
raw("hello_without_a_route", "HS-10", "bad_frame", hello_with(route=[], grants=b""))
raw("hello_with_a_grant_of_5", "HS-10", "bad_frame", hello_with(grants=b"\x05\x00"))
raw("hello_with_grants_too_many", "HS-10", "bad_frame", hello_with(grants=lambda h: h.grants + b"\0"))
raw("hello_with_a_grant_in_no_direction", "HS-10", "bad_frame", hello_with(grants=b"\x10\x00"))
raw("hello_with_context_0", "HS-10", "bad_frame", hello_with(contexts=[(0, 1, "upstream"), (2, 2, "downstream")]))
raw("hello_with_context_255", "HS-10", "bad_frame", hello_with(contexts=[(255, 1, "upstream"), (2, 2, "downstream")]))
raw("hello_with_a_context_id_twice", "HS-10", "bad_frame", hello_with(contexts=[(1, 1, "upstream"), (1, 2, "downstream")]))
raw("hello_with_a_context_name_twice", "HS-10", "bad_frame", hello_with(contexts=[(1, 1, "upstream"), (2, 2, "upstream")]))
raw("hello_with_a_context_of_no_direction", "HS-10", "bad_frame", hello_with(contexts=[(1, 0, "upstream"), (2, 2, "downstream")]))
raw("hello_with_an_extension_twice", "HS-10", "bad_frame", hello_with(extensions=lambda h: h.extensions + h.extensions[:1]))
raw("hello_with_a_max_record_too_small", "HS-10", "bad_frame", hello_with(extensions=[(2, u(1023, 4)), (3, b"stream/1")]))
raw("hello_with_a_max_record_too_large", "HS-10", "bad_frame", hello_with(extensions=[(2, u(65537, 4)), (3, b"stream/1")]))
raw("hello_with_a_blank_in_the_profile", "HS-10", "bad_frame", hello_with(extensions=[(3, b"stream 1")]))
raw("hello_with_nine_middleboxes", "DS-04", "limit_exceeded", hello_with(route=lambda h: [(f"m{i}.example", 4000 + i) for i in range(1, 10)] + [h.route[1]], grants=bytes(18)))
raw("hello_of_65537_octets", "DS-05", "limit_exceeded", lambda s: frame(HELLO, 0, 0, bytes(65537))[:6])
raw("hello_twice", "HS-17", "bad_frame", lambda s: frame(HELLO, 0, 0, s.hello().encode()) * 2)
raw("channel_first", "HS-17", "bad_frame", lambda s: frame(CHANNEL, 0, 0, b"x"))
raw("data_first", "HS-17", "bad_frame", lambda s: frame(DATA, 1, 0, bytes(60)))
raw("unknown_frame_type", "RC-07", "bad_frame", lambda s: frame(0x07, 0, 0, b"x"))
raw("hello_with_a_flag", "RC-07", "bad_frame", lambda s: frame(HELLO, 0, 1, s.hello().encode()))
raw("hello_with_an_id", "RC-07", "bad_frame", lambda s: frame(HELLO, 1, 0, s.hello().encode()))
raw("channel_beyond_the_route", "HS-05", "bad_frame", lambda s: s.hello_frame() + frame(CHANNEL, 2, 0, b"x"))
raw("channel_of_the_server_from_the_client", "HS-15", "bad_frame", lambda s: s.hello_frame() + frame(CHANNEL, 1, 1, b"x"))
raw("channel_with_a_reserved_flag", "RC-07", "bad_frame", lambda s: s.hello_frame() + frame(CHANNEL, 1, 2, b"x"))
raw("empty_channel_frame", "RC-10", "bad_frame", lambda s: s.hello_frame() + frame(CHANNEL, 1, 0, b""))
raw("channel_frame_too_long", "DS-05", "limit_exceeded", lambda s: s.hello_frame() + frame(CHANNEL, 1, 0, bytes(65537))[:6])
raw("garbage_in_a_channel", "HS-14", "handshake_failed", lambda s: s.hello_frame() + frame(CHANNEL, 1, 0, b"GET / HTTP/1.1\r\n\r\n" * 9))
raw("alert_of_no_code", "AL-01", "bad_frame", lambda s: s.hello_frame() + frame(3, 0, 0, b"\x63x"))
raw("alert_without_a_code", "AL-01", "bad_frame", lambda s: s.hello_frame() + frame(3, 0, 0, b""))
raw("announce_from_the_clients_side", "DI-02", "bad_frame", lambda s: s.hello_frame() + frame(4, 0, 0, bytes(50)))
raw("silence", "DS-01", "timeout", lambda s: b"")
raw("hello_and_silence", "DS-01", "timeout", lambda s: s.hello_frame())
raw("join_of_nothing", "JN-06", "unknown_association", lambda s: frame(JOIN, 0, 0, bytes(92)))
raw("join_cut", "JN-05", "bad_frame", lambda s: frame(JOIN, 0, 0, bytes(91)))
raw("join_with_an_octet_more", "JN-05", "limit_exceeded", lambda s: frame(JOIN, 0, 0, bytes(93)))
raw("join_to_the_server_of_nothing", "JN-06", "unknown_association", lambda s: frame(JOIN, 0, 0, bytes(92)), "gateway")
raw("hello_to_the_wrong_server", "HS-01", "not_in_route", hello_with(route=lambda h: [("other.example", 4002)], grants=b""), "gateway")
raw("hello_with_a_profile_that_is_not_served", "HS-09", "blocked_by_policy", lambda s: s.hello_frame(profile="http/1"), "gateway")
raw("hello_with_a_middlebox_that_is_not_approved", "HS-09", "grant_refused", hello_with(route=lambda h: [("m7.example", 4001), h.route[1]]), "gateway")
raw("hello_with_no_suite_that_the_server_has", "HS-10", "unsupported_suite", hello_with(suites=(0x1399,)), "gateway")


# --- as a client: the agreement

def agreeing(name, ident, notices, alert, **says):
    row("client", name, ident, notices, alert)(lambda stage: stage.client(Lie(**says)).establish())


def after_saying(kind, index, then):
    """A twist for "said": once this client has said `kind` on channel `index`, it says more."""
    def said(value):
        endpoint, at, what = value
        if (at, what) == (index, kind):
            then(endpoint)
    return said


def extra(index, kind, body):
    return lambda endpoint: endpoint.channels[index].send(wire.message(kind, body(endpoint) if callable(body) else body))


agreeing("hello_changed_behind_the_clients_back", "HS-01", "m1", "unsupported_version", hello=lambda o: flip(o, 6 + 2))  # its versions
agreeing("confirm_of_another_manifest", "HS-11", "gateway", "manifest_mismatch", confirm=flip)
agreeing("confirm_too_short", "HS-11", "gateway", "bad_frame", confirm=lambda b: b[:-1])
agreeing("confirm_twice", "HS-17", "gateway", "bad_frame", said=after_saying(wire.CONFIRM, 0, extra(0, wire.CONFIRM, lambda e: e.manifest_hash)))
agreeing("accept_from_a_client", "HS-17", "gateway", "bad_frame", said=after_saying(wire.CONFIRM, 0, extra(0, wire.ACCEPT, lambda e: e.accept.encode())))
agreeing("go_to_the_server", "HS-17", "gateway", "bad_frame", said=after_saying(wire.CONFIRM, 0, extra(0, wire.GO, lambda e: e.manifest_hash)))
agreeing("alive_before_the_agreement", "HS-17", "gateway", "bad_frame", said=after_saying(wire.CONFIRM, 0, extra(0, wire.ALIVE, u(1, 4))))
agreeing("unknown_message", "HS-17", "gateway", "bad_frame", said=after_saying(wire.CONFIRM, 0, extra(0, 99, b"x")))
agreeing("message_of_more_than_a_mebibyte", "DS-05", "gateway", "limit_exceeded",
         said=after_saying(wire.CONFIRM, 0, lambda e: e.channels[0].send(bytes([wire.GO]) + u((1 << 20) + 1, 3))))
agreeing("keys_with_an_item_missing", "HS-13", "m1", "manifest_mismatch", parts1=lambda p: p[1:])
agreeing("keys_with_an_item_too_many", "HS-13", "m1", "manifest_mismatch", parts1=lambda p: p + [((7, 0, 0, 0, 2, 255), bytes(32))])
agreeing("keys_with_an_item_twice", "HS-13", "m1", "manifest_mismatch", parts1=lambda p: p[:1] + p)
agreeing("keys_out_of_order", "HS-13", "m1", "manifest_mismatch", parts1=lambda p: p[::-1])
agreeing("keys_with_a_part_of_48_octets", "HS-13", "m1", "manifest_mismatch", parts1=lambda p: [(p[0][0], bytes(48))] + p[1:])
agreeing("keys_with_a_part_of_31_octets", "HS-13", "m1", "bad_frame", parts1=lambda p: [(p[0][0], bytes(31))] + p[1:])
agreeing("keys_with_an_octet_left_over", "HS-13", "m1", "bad_frame", keys1=lambda b: b + b"\0")
agreeing("a_reader_gets_another_read_key_than_the_sink", "KI-09", "gateway", "manifest_mismatch",
         parts1=lambda p: [(n, flip(x)) if n[0] == 1 and n[1] == 0 else (n, x) for n, x in p])
agreeing("keys_with_another_session_id", "HS-03", "m1", "manifest_mismatch", keys1=lambda b: flip(b, 0))
agreeing("keys_with_another_hello_hash", "HS-03", "m1", "manifest_mismatch", keys1=lambda b: flip(b, 32))
agreeing("keys_twice", "HS-17", "m1", "bad_frame", said=after_saying(wire.KEYS, 1, extra(1, wire.KEYS, lambda e: wire.encode_keys(e.manifest, e.secrets.parts_for(1)))))
agreeing("go_before_ready", "HS-11", "m1", "bad_frame", said=after_saying(wire.KEYS, 1, extra(1, wire.GO, lambda e: e.manifest_hash)))
agreeing("describe_from_a_client", "HS-17", "m1", "bad_frame", said=after_saying(wire.KEYS, 1, extra(1, wire.DESCRIBE, wire.encode_describe(b"", b"", b"", b"", bytes(32)))))
agreeing("ready_from_a_client", "HS-17", "m1", "bad_frame", said=after_saying(wire.KEYS, 1, extra(1, wire.READY, lambda e: wire.encode_ready(e.manifest_hash, []))))
agreeing("blocked_from_a_client", "HS-17", "m1", "bad_frame", said=after_saying(wire.KEYS, 1, extra(1, wire.BLOCKED, u(1, 8) + u(0, 4) + b"\1" + b"\0")))
agreeing("no_confirm", "HS-11", "m1|gateway", "timeout", confirm=lambda b: None)
agreeing("no_keys", "HS-11", "m1|gateway", "timeout", keys1=lambda b: None)


def opened(name, ident, notices, alert):
    """Behind a whole agreement."""
    def note(play):
        row("client", name, ident, notices, alert)(lambda stage: stage.hear(play(stage, stage.client().establish())))
        return play
    return note


def says(index, kind, body):
    def play(_stage, client):
        client.channels[index].send(wire.message(kind, body(client) if callable(body) else body))
        client.flush()
        return client
    return play


opened("go_of_another_manifest", "HS-11", "m1", "bad_frame")(says(1, wire.GO, lambda c: flip(c.manifest_hash)))
opened("go_twice", "HS-17", "m1", "bad_frame")(says(1, wire.GO, lambda c: c.manifest_hash))
opened("keys_after_go", "HS-17", "m1", "bad_frame")(says(1, wire.KEYS, lambda c: wire.encode_keys(c.manifest, c.secrets.parts_for(1))))
opened("confirm_after_go", "HS-17", "gateway", "bad_frame")(says(0, wire.CONFIRM, lambda c: c.manifest_hash))
opened("alive_out_of_order", "RG-02", "gateway", "bad_frame")(says(0, wire.ALIVE, u(2, 4)))
opened("alive_0", "RG-02", "gateway", "bad_frame")(says(0, wire.ALIVE, u(0, 4)))
opened("alive_ahead_of_time", "RG-02", "gateway", "bad_frame")(lambda s, c: [says(0, wire.ALIVE, u(i, 4))(s, c) for i in range(1, 9)][-1])
opened("alive_to_a_middlebox", "HS-17", "m1", "bad_frame")(says(1, wire.ALIVE, u(1, 4)))
opened("close_with_a_code_of_no_alert", "RG-04", "gateway", "bad_frame")(says(0, wire.CLOSE, b"\x63" + u(0, 4) + u(0, 8)))
opened("close_cut", "RG-04", "m1", "bad_frame")(says(1, wire.CLOSE, b"\0" + u(0, 4)))
opened("alert_message_of_no_code", "AL-01", "gateway", "bad_frame")(says(0, wire.ALERT_MESSAGE, u(0, 8) + b"\0\x63"))
opened("hello_in_an_open_association", "HS-17", "m1", "bad_frame")(lambda s, c: (c.wire.send(s.hello_frame()), c)[1])
opened("data_in_an_association", "HS-17", "m1", "bad_frame")(lambda s, c: (c.wire.send(frame(DATA, 1, 0, bytes(100))), c)[1])


# --- as a client: TLS

def channel(name, ident, notices, alert, index, **options):
    def play(stage):
        resolved = {key: value(stage) if callable(value) else value for key, value in options.items()}
        stage.client(channel_options={index: resolved}).establish()
    row("client", name, ident, notices, alert)(play)


channel("e_without_alpn", "HS-14", "gateway", "handshake_failed", 0, alpn=None)
channel("e_with_the_alpn_of_a_middlebox", "HS-14", "gateway", "handshake_failed", 0, alpn=C)
channel("e_with_the_alpn_of_the_web", "HS-16", "gateway", "handshake_failed", 0, alpn="h2")
channel("c_without_alpn", "HS-14", "m1", "handshake_failed", 1, alpn=None)
channel("c_with_the_alpn_of_e", "HS-14", "m1", "handshake_failed", 1, alpn=E)
channel("e_with_tls_1_2", "HS-14", "gateway", "handshake_failed", 0, lowest=0x0303, highest=0x0303)
channel("c_with_tls_1_2", "HS-14", "m1", "handshake_failed", 1, lowest=0x0303, highest=0x0303)
channel("a_middleboxs_certificate_for_a_client", "KI-04", "gateway", "certificate_role", 0, identity=lambda s: s.identity(1))
channel("a_servers_certificate_for_a_client", "KI-04", "gateway", "certificate_role", 0, identity=lambda s: s.identity(2))
channel("a_certificate_of_a_stranger", "KI-06", "gateway", "handshake_failed", 0, identity=lambda s: s.strange_identity("client", "alice.example"))


# --- as a client: joins

def joining(name, ident, notices, alert, change, number=1):
    @row("client", name, ident, notices, alert)
    def play(stage):
        client = stage.client().establish()
        stage.hear(client.join(number, Lie(join=lambda frames: change(stage, client, frames[0]))))


def rehop(client, octets, number=1):
    """With the hop tag made anew."""
    return octets[:66] + client.session_keys(number).join_hop_tag(0, octets[:66])


joining("join_with_a_wrong_hop_tag", "JN-05", "m1", "bad_record", lambda s, c, f: [flip(f, 70)])
joining("join_with_another_number_under_the_same_tags", "JN-05", "m1", "bad_record", lambda s, c, f: [flip(f, 29, 2)])
joining("join_with_a_wrong_end_tag", "JN-05", "gateway", "bad_record", lambda s, c, f: [rehop(c, flip(f, 40))])
joining("join_with_number_0", "JN-05", "m1", "replayed_join", lambda s, c, f: [f], 0)
joining("join_with_an_alive_that_never_was", "JN-03", "gateway", "timeout",
        lambda s, c, f: [rehop(c, f[:30] + u(7, 4) + c.session_keys(1).join_end_tag(f[:30] + u(7, 4)) + bytes(32))])
joining("join_of_another_association", "JN-06", "m1", "unknown_association", lambda s, c, f: [flip(f, 8)])


@row("client", "join_twice", "JN-04", "m1", "replayed_join")
def join_twice(stage):
    client = stage.client().establish()
    client.join(1)
    stage.hear(client.join(1))


@row("client", "join_far_below_the_highest", "JN-05", "m1", "replayed_join")
def join_far_below(stage):
    client = stage.client().establish()
    client.join(70000)
    stage.hear(client.join(70000 - 65536))


@row("client", "join_after_the_own_close", "JN-06", "m1", "revoked")
def join_after_close(stage):
    box = stage.path.processes[1]
    before = len(box.find("association.open"))
    client = stage.client().establish()
    box.wait_event("association.open", before + 1)  # it takes a Close when it has both Go, which may be a moment later
    client.close(0, 0xFFFFFFFF, 0)
    stage.until_closing(client)
    stage.hear(client.join(1))


# --- as a client: records (m1 has inspect on upstream, write on downstream)

def recording(name, ident, notices, alert):
    """`change` gets (session, client) and puts what it likes on the wire."""
    def note(play):
        @row("client", name, ident, notices, alert)
        def run(stage):
            session = stage.client().establish().join(1)
            play(session)
            stage.hear(session)
        return play
    return note


def lied(session, change, content=b"attack", flags=0, seq=None, exchange=0, context=1):
    """A record with `change` made to it before its hop tag."""
    record = session.out.seal(context, exchange, content, flags, seq)
    session.put(session.out.stamp(bytearray(change(record) or record)))


def plain_end(record):
    return len(record) - 16 * 5  # AEAD tag, two verify tags, one witness slot, hop tag


recording("record_with_a_wrong_hop_tag", "RC-01", "m1", "bad_hop")(lambda s: s.put(flip(s.out.send(1, 0, b"attack"), -1)))
recording("record_twice", "OR-01", "m1", "bad_hop")(lambda s: s.put(*[s.out.send(1, 0, b"first")] * 2))
recording("record_left_out_on_the_hop", "OR-01", "m1", "bad_hop")(lambda s: (s.out.send(1, 0, b"lost"), s.put(s.out.send(1, 0, b"attack"))))
recording("ciphertext_changed", "RC-01", "m1", "bad_record")(lambda s: lied(s, lambda r: flip(r, 10)))
recording("aead_tag_changed", "RC-01", "m1", "bad_record")(lambda s: lied(s, lambda r: flip(r, plain_end(r))))
recording("verify_tag_of_the_reader_changed", "RC-04", "m1", "bad_record")(lambda s: lied(s, lambda r: flip(r, plain_end(r) + 16)))
recording("verify_tag_of_the_sink_changed", "RC-04", "gateway", "bad_record")(lambda s: lied(s, lambda r: flip(r, plain_end(r) + 32)))
recording("verify_tags_exchanged", "RC-04", "m1", "bad_record")(
    lambda s: lied(s, lambda r: r[:plain_end(r) + 16] + r[plain_end(r) + 32:plain_end(r) + 48] + r[plain_end(r) + 16:plain_end(r) + 32] + r[plain_end(r) + 48:]))
recording("sequence_skipped", "OR-02", "m1", "bad_record")(lambda s: lied(s, lambda r: None, seq=1))
recording("sequence_repeated", "OR-02", "m1", "bad_record")(lambda s: (s.put(s.out.send(1, 0, b"first")), lied(s, lambda r: None, seq=0)))
recording("context_that_does_not_exist", "RC-07", "m1", "bad_record")(lambda s: s.put(frame(DATA, 9, 0, bytes(100))))
recording("context_of_the_other_direction", "RC-05", "m1", "bad_record")(lambda s: s.put(frame(DATA, 2, 0, bytes(100))))
recording("context_0", "RC-07", "m1", "bad_frame")(lambda s: s.put(frame(DATA, 0, 0, bytes(100))))
recording("reserved_flag", "RC-07", "m1", "bad_frame")(lambda s: s.put(s.out.send(1, 0, b"attack", 4)))
recording("flag_changed_after_sealing", "RC-01", "m1", "bad_record")(lambda s: lied(s, lambda r: flip(r, 2, EOM)))
recording("exchange_changed_after_sealing", "RC-01", "m1", "bad_record")(lambda s: lied(s, lambda r: flip(r, 9)))
recording("an_exchange_where_there_is_none", "RC-07", "gateway", "bad_record")(lambda s: s.put(s.out.send(1, 1, b"attack")))
recording("padding_longer_than_the_record", "RC-11", "m1", "bad_record")(lambda s: s.put(s.out.send(1, 0, b"\0\0\xff\xff", PAD)))
recording("padding_that_is_not_zero", "RC-11", "m1", "bad_record")(lambda s: s.put(s.out.send(1, 0, b"a\0\1\0\2", PAD)))
recording("padding_of_one_octet", "RC-11", "m1", "bad_record")(lambda s: s.put(s.out.send(1, 0, b"\0", PAD)))
recording("record_of_nothing", "RC-10", "m1", "bad_record")(lambda s: s.put(s.out.send(1, 0, b"")))
recording("record_too_short_for_its_tags", "RC-08", "m1", "bad_record")(lambda s: s.put(frame(DATA, 1, EOM, bytes(4 + 16 * 4))))
recording("record_above_max_record", "RC-08", "m1", "limit_exceeded")(lambda s: s.put(s.out.send(1, 0, bytes(16385), 0)[:6]))
recording("length_of_16_mebibytes", "RC-08", "m1", "limit_exceeded")(lambda s: s.put(bytes([DATA, 1, 0, 255, 255, 255])))
recording("fin_with_content", "OR-05", "m1", "bad_record")(lambda s: s.put(s.out.send(1, 0, b"attack", FIN)))
recording("fin_with_eom", "OR-05", "m1", "bad_record")(lambda s: s.put(s.out.send(1, 0, b"", FIN | EOM)))
recording("fin_with_an_exchange", "OR-05", "m1", "bad_record")(lambda s: s.put(s.out.send(1, 7, b"", FIN)))
recording("data_after_fin", "OR-05", "m1", "bad_record")(
    lambda s: s.put(b"".join([s.out.send(1, 0, b"all", EOM), *s.out.finish(), s.out.send(1, 0, b"attack")])))
recording("octets_behind_eom", "OR-05", "gateway", "bad_record")(
    lambda s: s.put(s.out.send(1, 0, b"all", EOM) + s.out.send(1, 0, b"attack")))
recording("tombstone_by_an_endpoint", "RC-06", "m1", "bad_record")(lambda s: s.put(frame(wire.REDACTED, 1, 0, u(0, 4) + b"\0" + u(100, 3) + bytes(48))))
recording("join_within_a_session", "HS-17", "m1", "bad_frame")(lambda s: s.put(frame(JOIN, 0, 0, bytes(92))))
recording("hello_within_a_session", "HS-17", "m1", "bad_frame")(lambda s: s.put(frame(HELLO, 0, 0, bytes(92))))
recording("channel_within_a_session", "HS-17", "m1", "bad_frame")(lambda s: s.put(frame(CHANNEL, 0, 0, bytes(92))))
recording("cut_behind_the_first_record", "OR-04", "m1", "truncated")(lambda s: (s.send(1, b"half", end=False), s.wire.sock.shutdown(1)))
recording("cut_behind_eom_without_fin", "OR-04", "m1", "truncated")(lambda s: (s.send(1, b"all"), s.wire.sock.shutdown(1)))


# --- as a server

def serving(name, ident, notices, alert, channel_options=None, identity=None, policy=None, **says_):
    row("server", name, ident, notices, alert)(lambda stage: stage.serve(Lie(**says_), channel_options, identity, policy))


def accept_with(**changes):
    def change(body):
        accept = wire.Accept.decode(body)
        for key, value in changes.items():
            setattr(accept, key, value(accept) if callable(value) else value)
        return accept.encode()
    return change


serving("accept_that_raises_a_grant", "HS-09", "agent", "grant_raised", accept=accept_with(grants=b"\x04\x40"))
serving("accept_that_grants_less_than_the_agent_needs", "HS-09", "agent", "grant_refused", policy=lambda grants: bytes(2))
serving("accept_with_a_grant_too_many", "HS-09", "agent", "grant_raised", accept=accept_with(grants=lambda a: a.grants + b"\0"))
serving("accept_of_another_hello", "HS-01", "agent", "manifest_mismatch", accept=accept_with(hello_hash=bytes(32)))
serving("accept_of_another_version", "HS-09", "agent", "unsupported_version", accept=accept_with(version=2))
serving("accept_of_a_suite_that_was_not_offered", "HS-09", "agent", "unsupported_suite", accept=accept_with(suite=0x1304))
serving("accept_with_an_extension_that_was_not_offered", "HS-09", "agent", "manifest_mismatch", accept=accept_with(extensions=lambda a: a.extensions + [(1, b"\1")]))
serving("accept_without_the_profile", "HS-09", "agent", "manifest_mismatch", accept=accept_with(extensions=lambda a: [x for x in a.extensions if x[0] != 3]))
serving("accept_with_another_profile", "HS-09", "agent", "manifest_mismatch", accept=accept_with(extensions=lambda a: [(2, a.extensions[0][1]), (3, b"http/1")]))
serving("accept_with_a_larger_max_record", "HS-09", "agent", "manifest_mismatch", accept=accept_with(extensions=lambda a: [(2, u(65536, 4)), (3, b"stream/1")]))
serving("accept_with_an_octet_left_over", "HS-09", "agent", "bad_frame", accept=lambda b: b + b"\0")
serving("server_confirm_of_another_manifest", "HS-11", "agent", "manifest_mismatch", confirm=flip)
serving("server_keys_with_an_item_missing", "HS-13", "m1", "manifest_mismatch", parts1=lambda p: p[1:])
serving("server_keys_with_another_manifest", "HS-03", "m1", "manifest_mismatch", keys1=flip)
serving("server_go_of_another_manifest", "HS-11", "m1", "manifest_mismatch", go1=flip)
serving("no_accept", "HS-11", "agent", "timeout", accept=lambda b: None)
serving("no_server_keys", "HS-11", "agent|m1", "timeout", keys1=lambda b: None)
serving("a_clients_certificate_for_the_server", "KI-04", "agent|m1", "certificate_role", identity=lambda s: s.identity(0))
serving("a_middleboxs_certificate_for_the_server", "KI-04", "agent|m1", "certificate_role", identity=lambda s: s.identity(1))
serving("another_servers_certificate", "KI-05", "agent|m1", "name_mismatch", identity=lambda s: s.other_identity("server", "other.example"))
serving("a_strangers_certificate_for_the_server", "KI-06", "agent|m1", "handshake_failed", identity=lambda s: s.strange_identity("server", "gateway.example"))
serving("server_takes_the_web_s_alpn", "HS-16", "agent|m1", "handshake_failed", channel_options={0: {"alpn": "h2"}})
serving("server_speaks_tls_1_2", "HS-14", "agent|m1", "handshake_failed", channel_options={0: {"lowest": 0x0303, "highest": 0x0303}})
serving("describe_from_a_server", "HS-17", "agent", "bad_frame", said=after_saying(wire.ACCEPT, 0, extra(0, wire.DESCRIBE, wire.encode_describe(b"", b"", b"", b"", bytes(32)))))
serving("accept_twice", "HS-17", "agent", "bad_frame", said=after_saying(wire.ACCEPT, 0, extra(0, wire.ACCEPT, lambda e: e.accept.encode())))
serving("server_keys_twice", "HS-17", "m1", "bad_frame", said=after_saying(wire.KEYS, 1, extra(1, wire.KEYS, lambda e: wire.encode_keys(e.manifest, e.secrets.parts_for(1)))))


def answering(name, ident, notices, alert):
    """As a server, in a session: m1 has write on downstream, so it is the sink there."""
    def note(play):
        row("server", name, ident, notices, alert)(lambda stage: stage.serve_session(play))
        return play
    return note


answering("answer_with_a_wrong_hop_tag", "RC-01", "m1", "bad_hop")(lambda s: s.put(flip(s.out.send(2, 0, b"attack"), -1)))
answering("answer_changed", "RC-01", "m1", "bad_record")(lambda s: lied(s, lambda r: flip(r, 10), context=2))
answering("answer_in_the_clients_context", "RC-05", "m1", "bad_record")(lambda s: s.put(frame(DATA, 1, 0, bytes(100))))
answering("answer_with_an_exchange", "RC-07", "m1", "bad_record")(lambda s: s.put(s.out.send(2, 3, b"attack")))
answering("answer_behind_its_fin", "OR-05", "m1", "bad_record")(lambda s: s.put(b"".join(s.out.finish()) + s.out.send(2, 0, b"attack")))
answering("answer_cut_off", "OR-04", "m1", "truncated")(lambda s: (s.send(2, b"half", end=False), s.wire.sock.shutdown(1)))
answering("join_from_a_server", "HS-17", "m1", "bad_frame")(lambda s: s.put(frame(JOIN, 0, 0, bytes(92))))


# --- as a middlebox (inspect on upstream, write on downstream)

def between(name, ident, notices, alert, channel_options=None, identity=None, **says_):
    row("middlebox", name, ident, notices, alert)(lambda stage: stage.stand_between(Lie(**says_), channel_options, identity))


def ready_with(change):
    def lie(body):
        manifest_hash, digests = wire.decode_ready(body)
        return wire.encode_ready(manifest_hash, change(digests))
    return lie


between("describe_that_differs_between_the_ends", "HS-08", "agent|gateway", "manifest_mismatch", describe_s=lambda b: flip(b, 1))
between("describe_cut", "HS-08", "agent", "bad_frame", describe_c=lambda b: b[:-1])
between("no_describe", "HS-11", "agent|gateway", "timeout", describe_c=lambda b: None)
between("ready_of_another_manifest", "HS-11", "agent|gateway", "manifest_mismatch", ready_c=flip)
between("ready_with_a_digest_missing", "HS-13", "agent", "manifest_mismatch", ready_c=ready_with(lambda d: d[1:]))
between("ready_with_a_digest_changed", "HS-13", "gateway", "manifest_mismatch", ready_s=ready_with(lambda d: [(d[0][0], flip(d[0][1]))] + d[1:]))
between("ready_with_a_digest_too_many", "HS-13", "agent", "manifest_mismatch", ready_c=ready_with(lambda d: d + [((7, 0, 0, 0, 2, 255), bytes(32))]))
between("no_ready", "HS-11", "agent|gateway", "timeout", ready_c=lambda b: None)
between("hello_changed_on_the_way", "HS-01", "agent", "manifest_mismatch", hello=lambda o: flip(o, 6 + 4))  # its random
between("route_of_the_hello_changed_on_the_way", "HS-01", "gateway", "grant_refused", hello=lambda o: o.replace(b"m1.example", b"m7.example"))
between("a_clients_certificate_for_a_middlebox", "KI-04", "agent|gateway", "certificate_role", identity=lambda s: s.identity(0))
between("a_servers_certificate_for_a_middlebox", "KI-04", "agent|gateway", "certificate_role", identity=lambda s: s.identity(2))
between("another_middleboxs_certificate", "KI-05", "agent|gateway", "name_mismatch", identity=lambda s: s.other_identity("middlebox", "m9.example"))
between("a_strangers_certificate_for_a_middlebox", "KI-06", "agent|gateway", "handshake_failed", identity=lambda s: s.strange_identity("middlebox", "m1.example"))
between("different_certificates_for_the_ends", "HS-07", "agent|gateway", "manifest_mismatch",
        channel_options=lambda s: {"s": {"identity": s.other_identity("middlebox", "m1.example", "again")}})
between("middlebox_with_the_wrong_alpn", "HS-14", "agent", "handshake_failed", channel_options={"c": {"alpn": E}})
between("middlebox_with_tls_1_2", "HS-14", "gateway", "handshake_failed", channel_options={"s": {"lowest": 0x0303, "highest": 0x0303}})
between("anothers_channel_changed_on_the_way", "RC-01", "agent|gateway", "handshake_failed",
        forward=lambda o: flip(o, len(o) - 1) if o[0] == CHANNEL and o[1] == 0 and len(o) > 700 else o)


def relaying(name, ident, notices, alert, **says_):
    row("middlebox", name, ident, notices, alert)(lambda stage: stage.relay_session(Lie(**says_)))


def nth(n, change):
    """Changes what is put out for the nth record only."""
    seen = [0]

    def relay(octets):
        seen[0] += 1
        return change(octets) if seen[0] == n + 1 else octets
    return relay


relaying("join_with_a_wrong_hop_tag_of_a_middlebox", "JN-05", "gateway", "bad_record", join=lambda f: [flip(f[0], -1)])
relaying("join_with_another_number_by_a_middlebox", "JN-05", "gateway", "bad_record", join=lambda f: [flip(f[0], 29, 2)])
relaying("record_dropped_by_a_middlebox", "OR-02", "gateway", "bad_hop", relay=nth(0, lambda o: []))
relaying("record_doubled_by_a_middlebox", "OR-01", "gateway", "bad_hop", relay=nth(0, lambda o: o * 2))
relaying("record_changed_by_a_middlebox", "RC-01", "gateway", "bad_hop", relay=nth(0, lambda o: [flip(o[0], 30)]))


def relaying_with_new_tags(name, ident, alert, change):
    """The middlebox changes what it passes on and makes the hop tag anew: its true key."""
    row("middlebox", name, ident, "gateway", alert)(lambda stage: stage.relay_session(Lie(), change))


def drop(_half, _segment, _number, _record):
    return []


def restamped(change):
    def process(half, segment, number, record):
        half.bear_witness(record, segment, number)
        return [half.stamp(bytearray(change(record)))]
    return process


relaying_with_new_tags("ciphertext_changed_under_a_new_hop_tag", "RC-02", "bad_record", restamped(lambda r: flip(r, 10)))
relaying_with_new_tags("record_dropped_under_new_hop_tags", "OR-02", "bad_record", drop)
relaying_with_new_tags("verify_tag_removed_under_a_new_hop_tag", "RC-04", "bad_record", restamped(lambda r: r[:-48] + bytes(16) + r[-32:]))
relaying_with_new_tags("witness_slot_left_empty", "HP-03", "bad_record", lambda half, segment, number, record: [half.stamp(record)])
relaying_with_new_tags("tombstone_without_the_grant", "RC-06", "bad_record", lambda half, segment, number, record:
                       [half.stamp(bytearray(bytes([wire.REDACTED, record[1], 0]) + u(4 + 1 + 3 + 16 + 16, 3) + record[6:10] + b"\1" + record[3:6] + bytes(32)))])
relaying_with_new_tags("fin_forged_behind_the_first_record", "OR-05", "bad_record",
                       lambda half, segment, number, record: [half.stamp(bytearray(bytes([DATA, 1, FIN]) + u(4 + 16 * 5, 3) + u(0, 4) + bytes(16 * 5)))])
relaying_with_new_tags("exchange_number_changed", "RC-01", "bad_record", restamped(lambda r: flip(r, 9)))


# --- audit. In the rows "with audit" everything is audited; as in the others m1 has inspect on upstream (one segment, so no item 8) and write on downstream.

CLIENT, SERVER, MIDDLEBOX = "client with audit", "server with audit", "middlebox with audit"
A_VALUE = wire.Audit(1, 0, 0, 1, 0, 1, 0, 0, 3, bytes(32))


def changed_values(**changes):
    return lambda values: [v._replace(**changes) for v in values]


def of_out(out, **changes):
    return lambda values: [v._replace(**changes) if v.out == out else v for v in values]


def changed_receipt(**changes):
    return lambda body: body._replace(**{key: value(body) if callable(value) else value for key, value in changes.items()})


def changed_entry(index, **changes):
    def change(body):
        entries = list(body.entries)
        entries[index] = entries[index]._replace(**{key: value(entries[index]) if callable(value) else value for key, value in changes.items()})
        return body._replace(entries=tuple(entries))
    return change


def attesting(role, name, ident, notices, alert="bad_frame", **says_):
    """The party says the one or the other of one honest session; with `values` as soon as a message ends, else at the end."""
    row(role, name, ident, notices, alert)(lambda stage: stage.attest(role, Lie(**says_), whole="values" not in says_))


def entries_end(octets):
    """Where the signature's scheme begins."""
    return 49 + int.from_bytes(octets[46:49], "big")


def other_scheme(octets):
    """The scheme of RSA, whatever key the party has."""
    at = entries_end(octets)
    return octets[:at] + u(0x0804, 2) + octets[at + 2:]


VALUES = (
    ("of_another_context", changed_values(context=2), changed_values(context=1), changed_values(context=1)),
    ("of_a_context_that_does_not_exist", changed_values(context=9),) + (changed_values(context=9),) * 2,
    ("of_the_other_direction", changed_values(direction=1), changed_values(direction=0), changed_values(direction=0)),
    ("of_no_direction",) + (changed_values(direction=2),) * 3,
    ("of_no_out",) + (changed_values(out=3),) * 3,
    ("of_an_out_that_is_another_s", changed_values(out=0), changed_values(out=0), changed_values(out=2)),
    ("of_session_0",) + (changed_values(session=0),) * 3,
    ("of_a_session_far_above", changed_values(session=1 + 1024 + 1), changed_values(session=2), changed_values(session=2)),
    ("said_twice",) + (lambda values: [v for value in values for v in (value, value)],) * 3,
    ("out_of_order",) + (lambda values: [v._replace(message=m) for m in (1, 0) for v in values],) * 3,
    ("of_an_earlier_exchange",) + (lambda values: [v._replace(exchange=x) for x in (5, 4) for v in values],) * 3,
    ("changed_though_it_cannot_be", changed_values(changed=1), changed_values(changed=2), of_out(0, changed=1)),
    ("changed_in_no_known_way",) + (changed_values(changed=3),) * 3,
    ("redacted_by_who_may_not", changed_values(redactor=1), changed_values(redactor=1), of_out(0, redactor=1)),
    ("redacted_where_nothing_is_taken_in", changed_values(redactor=2), of_out(2, redactor=1), of_out(1, redactor=1)),
)
RECEIPTS = (
    ("of_another_party", "AU-03", {"receipt": lambda body: body._replace(party=(body.party + 1) % 3)}),
    ("of_no_party", "AU-03", {"receipt": changed_receipt(party=3)}),
    ("of_another_manifest", "AU-03", {"receipt": changed_receipt(manifest_hash=lambda b: flip(b.manifest_hash))}),
    ("of_another_session", "AU-03", {"receipt": changed_receipt(session=2)}),
    ("of_session_0", "AU-03", {"receipt": changed_receipt(session=0)}),
    ("whose_number_skips_one", "AU-03", {"receipt": changed_receipt(number=2)}),
    ("of_number_0", "AU-03", {"receipt": changed_receipt(number=0)}),
    ("neither_last_nor_not", "AU-03", {"receipt": changed_receipt(last=2)}),
    ("with_entries_out_of_order", "AU-03", {"receipt": changed_receipt(entries=lambda b: b.entries[::-1])}),
    ("with_an_entry_twice", "AU-03", {"receipt": changed_receipt(entries=lambda b: tuple(e for one in b.entries for e in (one, one)))}),
    ("without_entries", "AU-03", {"receipt": changed_receipt(entries=())}),
    ("with_another_signature", "AU-03", {"signed": lambda octets: flip(octets, len(octets) - 1)}),
    ("with_another_scheme", "AU-03", {"signed": other_scheme}),
    ("cut", "AU-04", {"signed": lambda octets: octets[:-1]}),
    ("with_an_octet_left_over", "AU-04", {"signed": lambda octets: octets + b"\0"}),
    ("without_a_signature", "AU-03", {"signed": lambda octets: octets[:entries_end(octets) + 2] + u(0, 2)}),
)
CHAINS = (("with_another_chain", {"chain": lambda e: flip(e.chain)}), ("with_a_count_too_many", {"count": lambda e: e.count + 1}), ("with_a_count_of_0", {"count": 0}),
          ("with_another_first_exchange", {"first_exchange": 1, "last_exchange": 1}), ("with_another_last_exchange", {"last_exchange": 1}))

for name, *lies in VALUES:
    for role, notices, lie in zip((CLIENT, SERVER, MIDDLEBOX), ("gateway", "agent", "agent"), lies):
        attesting(role, f"{role.split()[0]}_value_{name}", "AU-04", notices, values=lie)
for role, notices, entry in ((CLIENT, "gateway", 0), (SERVER, "agent", -1), (MIDDLEBOX, "agent", -1)):
    who = role.split()[0]
    for name, ident, lies in RECEIPTS:
        attesting(role, f"{who}_receipt_{name}", ident, "agent|gateway" if role == MIDDLEBOX else notices, **lies)
    for name, changes in CHAINS:
        attesting(role, f"{who}_receipt_{name}", "AU-03", notices, receipt=changed_entry(entry, **changes))


def after_the_last(role, notices):
    def twice(session):
        session.say_receipt()
        session.say_receipt()
    row(role, f"{role.split()[0]}_receipt_behind_the_last", "AU-03", notices, "bad_frame")(lambda stage: stage.attest(role, Lie(), False, twice))


after_the_last(CLIENT, "gateway")
after_the_last(SERVER, "agent")
after_the_last(MIDDLEBOX, "agent|gateway")
row(MIDDLEBOX, "middlebox_value_of_a_context_that_it_only_inspects", "AU-04", "gateway", "bad_frame")(
    lambda stage: stage.attest(MIDDLEBOX, Lie(), False, lambda session: session.box.state("s", wire.AUDIT, A_VALUE.encode())))
row(MIDDLEBOX, "middlebox_value_to_the_end_that_does_not_receive", "AU-04", "gateway", "bad_frame")(
    lambda stage: stage.attest(MIDDLEBOX, Lie(), False, lambda session: session.box.state("s", wire.AUDIT, A_VALUE._replace(context=2, direction=1).encode())))


@row(CLIENT, "client_value_of_another_session_of_its_own", "AU-04", "gateway", "bad_frame")
def value_of_another_session(stage):
    client = stage.client().establish()
    client.join(1).send(1, b"first")
    client.join(2, Lie(values=changed_values(session=1))).send(1, b"all")
    stage.hear(client)


@row(CLIENT, "client_value_behind_the_last_receipt", "AU-03", "gateway", "bad_frame")
def value_behind_the_last_receipt(stage):
    session = stage.client().establish().join(1)
    session.say_receipt()
    session.send(1, b"all")
    stage.hear(session.endpoint)


@row(CLIENT, "receipt_of_an_anonymous_client", "AU-03", "gateway", "bad_frame")
def receipt_of_an_anonymous_client(stage):
    client = stage.anonymous_client().establish()
    session = client.join(1)
    session.stating.identity = stage.identity(0)
    session.send(1, b"all")
    session.say_receipt()
    stage.hear(client)


A_RECEIPT = wire.encode_receipt(wire.ReceiptBody(bytes(32), 1, 0, 1, 1, ()).encode(), 0x0403, bytes(70))

for kind, body, what in ((wire.AUDIT, A_VALUE.encode(), "value"), (wire.RECEIPT, A_RECEIPT, "receipt")):
    row(CLIENT, f"client_{what}_before_the_agreement", "HS-17", "gateway", "bad_frame")(
        lambda stage, kind=kind, body=body: stage.client(Lie(said=after_saying(wire.CONFIRM, 0, extra(0, kind, body)))).establish())
    row(CLIENT, f"client_{what}_to_a_middlebox", "HS-17", "m1", "bad_frame")(
        lambda stage, kind=kind, body=body: stage.hear(says(1, kind, body)(stage, stage.client().establish())))
    row(SERVER, f"server_{what}_before_the_agreement", "HS-17", "agent", "bad_frame")(
        lambda stage, kind=kind, body=body: stage.serve(Lie(said=after_saying(wire.ACCEPT, 0, extra(0, kind, body)))))
    row(MIDDLEBOX, f"middlebox_{what}_before_the_agreement", "HS-17", "agent", "bad_frame")(
        lambda stage, kind=kind, body=body: stage.stand_between(Lie(said_c=lambda v: v[0].channels["c"].send(wire.message(kind, body)) if v[1] == wire.DESCRIBE else None)))
    opened(f"client_{what}_where_no_audit_was_agreed", "HS-17", "gateway", "bad_frame")(says(0, kind, body))
    opened(f"client_{what}_to_a_middlebox_where_no_audit_was_agreed", "HS-17", "m1", "bad_frame")(says(1, kind, body))
    serving(f"server_{what}_where_no_audit_was_agreed", "HS-17", "agent", "bad_frame", said=after_saying(wire.GO, 1, extra(0, kind, body)))
for name, alert, audit in (("none", "grant_refused", []), ("less", "grant_refused", [(1, b"\1")]), ("more", "manifest_mismatch", [(1, b"\1\2\3")])):
    row(SERVER, f"accept_that_audits_{name}_than_the_agent_demands" if audit else "accept_that_audits_nothing", "HS-09", "agent", alert)(
        lambda stage, audit=audit: stage.serve(Lie(accept=accept_with(extensions=lambda a: [x for x in a.extensions if x[0] != 1] + audit))))
