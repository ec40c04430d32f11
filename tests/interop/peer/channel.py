"""A pairwise TLS 1.3 connection over memory: docs/protocol.md section 4. OpenSSL by pyOpenSSL."""

import ctypes
import ctypes.util

from OpenSSL import SSL, crypto

E, C, S = "louver-x/1-e", "louver-x/1-c", "louver-x/1-s"
_libssl = ctypes.CDLL(ctypes.util.find_library("ssl") or "libssl.so.3")
_libssl.SSL_CTX_set_num_tickets.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


class ChannelFailed(Exception):
    pass


class Identity:
    def __init__(self, chain, key):
        with open(chain, "rb") as f:
            blocks = f.read().split(b"-----END CERTIFICATE-----")
        pems = [b + b"-----END CERTIFICATE-----\n" for b in blocks if b"BEGIN CERTIFICATE" in b]
        self.certificates = [crypto.load_certificate(crypto.FILETYPE_PEM, pem) for pem in pems]
        with open(key, "rb") as f:
            self.key = crypto.load_privatekey(crypto.FILETYPE_PEM, f.read())
        self.der = crypto.dump_certificate(crypto.FILETYPE_ASN1, self.certificates[0])


def context(is_server, alpn, identity, anchors, wants_certificate, lowest=SSL.TLS1_3_VERSION, highest=SSL.TLS1_3_VERSION):
    made = SSL.Context(SSL.TLS_SERVER_METHOD if is_server else SSL.TLS_CLIENT_METHOD)
    made.set_min_proto_version(lowest)
    made.set_max_proto_version(highest)
    _libssl.SSL_CTX_set_num_tickets(int(SSL._ffi.cast("uintptr_t", made._context)), 0)  # a ticket would end the channel at the peer
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    if identity is not None:
        made.use_certificate(identity.certificates[0])
        for more in identity.certificates[1:]:
            made.add_extra_chain_cert(more)
        made.use_privatekey(identity.key)
    made.load_verify_locations(anchors)
    # The library's purpose check knows only web usages (error 26); chain and validity are its own, the name is checked below.
    made.set_verify((SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT) if wants_certificate else SSL.VERIFY_NONE, lambda _c, _x, error, _d, ok: bool(ok) or error == 26)
    if alpn is not None:
        if is_server:
            made.set_alpn_select_callback(lambda _c, offered: alpn.encode() if alpn.encode() in offered else SSL.NO_OVERLAPPING_PROTOCOLS)
        else:
            made.set_alpn_protos([alpn.encode()])
    return made


class Channel:
    def __init__(self, is_server, alpn, identity, anchors, peer_name=None, wants_certificate=True, **versions):
        self.alpn, self.peer_name = alpn, peer_name
        self.tls = SSL.Connection(context(is_server, alpn, identity, anchors, wants_certificate, **versions), None)
        self.tls.set_accept_state() if is_server else self.tls.set_connect_state()
        self.established, self.received = False, b""
        self._early = b""  # messages for when the handshake is complete

    def start(self):
        self._advance()

    def receive(self, octets):
        self.tls.bio_write(octets)
        self._advance()

    def send(self, octets):
        if self.established:
            self.tls.sendall(octets)
        else:
            self._early += octets

    def output(self):
        out = b""
        while True:
            try:
                out += self.tls.bio_read(65536)
            except SSL.WantReadError:
                return out

    def peer_der(self):
        certificate = self.tls.get_peer_certificate()
        return None if certificate is None else crypto.dump_certificate(crypto.FILETYPE_ASN1, certificate)

    def peer_public_key(self):
        certificate = self.tls.get_peer_certificate()
        return None if certificate is None else certificate.get_pubkey().to_cryptography_key()

    def export(self, label, context_octets, length):
        return self.tls.export_keying_material(label.encode(), length, context_octets)

    def _advance(self):
        if not self.established:
            try:
                self.tls.do_handshake()
            except SSL.WantReadError:
                return
            except SSL.Error as error:
                raise ChannelFailed(str(error)) from None
            if self.alpn is not None and self.tls.get_alpn_proto_negotiated() != self.alpn.encode():
                raise ChannelFailed("ALPN")
            if self.peer_name is not None and self.peer_name not in names_of(self.tls.get_peer_certificate()):
                raise ChannelFailed("name")
            self.established = True
            if self._early:
                self.tls.sendall(self._early)
                self._early = b""
        while True:
            try:
                self.received += self.tls.recv(65536)
            except SSL.WantReadError:
                return
            except SSL.ZeroReturnError:
                return
            except SSL.Error as error:
                raise ChannelFailed(str(error)) from None


def names_of(certificate):
    for i in range(certificate.get_extension_count()):
        extension = certificate.get_extension(i)
        if extension.get_short_name() == b"subjectAltName":
            return [part.split(":", 1)[1].strip() for part in str(extension).split(",")]
    return []
