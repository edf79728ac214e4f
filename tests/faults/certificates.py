"""Certificates made by openssl as the tests run: a good one, and all that is wrong."""

import ssl
import subprocess
from pathlib import Path

AUTHORITY = """
[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""
DATES = {
    "good": ("20200101000000Z", "20991231235959Z"),
    "expired": ("20200101000000Z", "20200102000000Z"),
    "not yet valid": ("20980101000000Z", "20991231235959Z"),
    "wrong host": ("20200101000000Z", "20991231235959Z"),
}


def openssl(folder: Path, *arguments: str) -> None:
    """Run openssl in *folder*."""
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def new_key(name: str) -> tuple[str, ...]:
    """Return the arguments that make a key beside whatever is asked for."""
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", f"{name}.key")  # fmt: skip


class Authority:
    """An authority of our own, and what it signs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = AUTHORITY.format(folder=folder)
        (folder / "ca.cnf").write_text(config, encoding="utf-8")
        (folder / "index.txt").touch()
        (folder / "serial").write_text("01", encoding="utf-8")
        self.servers: dict[str, ssl.SSLContext] = {}
        self.self_signed("ca", "the tests' own authority")

    def self_signed(self, name: str, subject: str) -> None:
        """Make a certificate that vouches for itself."""
        openssl(self.folder, "req", "-x509", *new_key(name), "-subj", f"/CN={subject}",
                "-days", "30", "-addext", "subjectAltName=IP:127.0.0.1",
                "-out", f"{name}.pem")  # fmt: skip

    def signed(self, name: str, kind: str) -> None:
        """Make a certificate for this machine, or one that is wrong in some way."""
        host = "DNS:elsewhere.example" if kind == "wrong host" else "IP:127.0.0.1"
        begins, ends = DATES[kind]
        openssl(self.folder, "req", *new_key(name), "-subj", f"/CN={name}",
                "-addext", f"subjectAltName={host}", "-out", f"{name}.csr")  # fmt: skip
        openssl(self.folder, "ca", "-batch", "-notext", "-config", "ca.cnf",
                "-cert", "ca.pem", "-keyfile", "ca.key", "-startdate", begins,
                "-enddate", ends, "-in", f"{name}.csr",
                "-out", f"{name}.pem")  # fmt: skip

    def server(self, kind: str) -> ssl.SSLContext:
        """Return what a provider with a certificate of that kind serves by."""
        if kind in self.servers:
            return self.servers[kind]
        name = kind.replace(" ", "-")
        if kind == "self-signed":
            self.self_signed(name, name)
        else:
            self.signed(name, kind)
        context = self.servers[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self.folder / f"{name}.pem", self.folder / f"{name}.key"
        )
        return context

    def client(self) -> ssl.SSLContext:
        """Return what trusts this authority as it would any other."""
        return ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
