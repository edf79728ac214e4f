"""The `tls` table: the server's own certificate and key, tried before they are used."""

import ssl
from pathlib import Path

from heliograph.gateway.config.beside import read_beside
from heliograph.gateway.config.schema import TLS_KEYS
from heliograph.gateway.types import Tls
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.values import (
    Reading,
    read_table,
    refuse_unknown_keys,
)

PEM_BYTES_MAX = 1_000_000
_MARKS = {"certificate": b"-----BEGIN CERTIFICATE-----", "key": b"PRIVATE KEY-----"}


def context_of(tls: Tls) -> ssl.SSLContext:
    """Make the server's side of TLS of *tls*; raise `OSError` if it cannot be."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # Without a password nothing asks for one on a terminal that nobody reads.
    context.load_cert_chain(tls.certificate, tls.key, password="")
    return context


def read_tls(reading: Reading, server: MappingNode, key: str) -> Tls | None:
    """Read the table and try what it names; paths are relative to the file's folder."""
    entry = server.entries.get("tls")
    if entry is None:
        return None
    table = read_table(reading, entry.value, key, what="a table of two files")
    if table is None:
        return None
    refuse_unknown_keys(reading, table, key, known=TLS_KEYS)
    paths = {name: _read_pem(reading, table, key, name) for name in TLS_KEYS}
    if not all(paths.values()):
        return None
    tls = Tls(**{name: str(path) for name, path in paths.items()})
    try:
        context_of(tls)
    except OSError as error:
        _report_pair(reading, table.entries["key"].value, f"{key}.key", error)
        return None
    return tls


def _read_pem(reading: Reading, table: MappingNode, key: str, name: str) -> Path | None:
    """Read the path of a PEM file and see that it holds what it should."""
    where = f"{key}.{name}"
    if name not in table.entries:
        fix = f'add "{name}: FILE.pem"'
        reading.report(table, key, f'"{name}" is missing', fix=fix)
        return None
    node = table.entries[name].value
    named = read_beside(reading, node, where, bytes_max=PEM_BYTES_MAX)
    if named is None:
        return None
    if _MARKS[name] not in named.data:
        fix = f'name a PEM file with a line "{_MARKS[name].decode()}"'
        reading.report(node, where, f"{named.shown} holds no {name}", fix=fix)
        return None
    if name == "key" and b"ENCRYPTED" in named.data:
        fix = "decrypt it: openssl pkey -in KEY.pem -out NEW.pem"
        reading.report(node, where, f"{named.shown} is encrypted", fix=fix)
        return None
    return named.path


def _report_pair(reading: Reading, node: Node, key: str, error: OSError) -> None:
    """Say why the two files, each of which looks right, cannot be used."""
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        message = "is not the key of that certificate"
    else:
        message = "cannot be used with that certificate: one of the two is damaged"
    fix = "name the certificate and the key that were made together"
    reading.report(node, key, message, fix=fix)
