"""Authorities and certificates of the ordinary web, which know nothing of Louver's roles."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(**on):
    flags = {"digital_signature": False, "content_commitment": False, "key_encipherment": False, "data_encipherment": False,
             "key_agreement": False, "key_cert_sign": False, "crl_sign": False, "encipher_only": False, "decipher_only": False}
    return x509.KeyUsage(**{**flags, **on})


class WebAuthority:
    """`pem` is its certificate's file. With `of` (certificate and key files) it stands for an authority that is there already."""

    def __init__(self, directory, name="web", of=None):
        self.directory, self.name, self.count = directory, name, 0
        if of:
            self.pem = of[0]
            self.certificate = x509.load_pem_x509_certificate(of[0].read_bytes())
            self.key = serialization.load_pem_private_key(of[1].read_bytes(), None)
            return
        self.key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        self.certificate = (
            x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(name)).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).add_extension(_usage(key_cert_sign=True), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False).sign(self.key, hashes.SHA256()))
        self.pem = self._write(f"{name}-ca.pem", self.certificate.public_bytes(serialization.Encoding.PEM))

    def _write(self, name, data, mode=0o644):
        path = self.directory / name
        path.write_bytes(data)
        os.chmod(path, mode)
        return path

    def issue(self, *names, begins=-1, ends=10, usage=ExtendedKeyUsageOID.SERVER_AUTH):
        """(certificate, key) files of a leaf for DNS names and addresses; `begins` and `ends` in days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        self.count += 1
        made = (
            x509.CertificateBuilder().subject_name(_name("a leaf")).issuer_name(self.certificate.subject).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now + begins * DAY).not_valid_after(now + ends * DAY)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), True).add_extension(_usage(digital_signature=True), True)
            .add_extension(x509.ExtendedKeyUsage([usage]), False).add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False).sign(self.key, hashes.SHA256()))
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        stem = f"{self.name}-{self.count}"
        return (self._write(f"{stem}.pem", made.public_bytes(serialization.Encoding.PEM)), self._write(f"{stem}.key", private, 0o600))


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
