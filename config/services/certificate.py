"""The certificate of the TLS door: the operator's, or a self-signed one under DATA_DIR."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from config.services.layout import ServiceError

VALID_FOR = timedelta(days=825)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Pair:
    """Two PEM files."""

    certificate: Path
    key: Path


def pair(environ: Mapping[str, str], data_dir: Path) -> Pair:
    """Return TLS_CERT and TLS_KEY, or the self-signed pair; ServiceError when one of the two is missing."""
    given = [environ.get(name, "").strip() for name in ("TLS_CERT", "TLS_KEY")]
    if any(given):
        for name, path in zip(("TLS_CERT", "TLS_KEY"), given, strict=True):
            if not (path and os.access(path, os.R_OK)):
                raise ServiceError(f"{name} is {path or 'not set'}; give the readable PEM files TLS_CERT and TLS_KEY")
        return Pair(Path(given[0]), Path(given[1]))
    made = Pair(data_dir / "tls" / "certificate.pem", data_dir / "tls" / "key.pem")
    if not is_good(made, datetime.now(UTC)):
        _make(made, environ.get("HOST", "").strip(), datetime.now(UTC))
    return made


def is_good(made: Pair, now: datetime) -> bool:
    """Return whether the pair can be used for some time to come."""
    try:
        certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    except (OSError, ValueError):
        return False
    return made.key.exists() and certificate.not_valid_after_utc - RENEW_BEFORE > now


def _make(made: Pair, host: str, now: datetime) -> None:
    made.key.parent.mkdir(mode=0o700, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Maskline self-signed")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(_names(host)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    made.key.touch(mode=0o600)
    made.key.write_bytes(key.private_bytes(pem, private, serialization.NoEncryption()))
    made.certificate.write_bytes(certificate.public_bytes(pem))


def _names(host: str) -> list[x509.GeneralName]:
    """Return localhost, both loopback addresses, and the host listened on where it is a name or an address."""
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    for text in dict.fromkeys(["127.0.0.1", "::1", host]):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            if text and text != "localhost":
                names.append(x509.DNSName(text))
    return names
