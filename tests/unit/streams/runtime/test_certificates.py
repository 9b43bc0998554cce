"""When certificates end: the first of a file counts, a replaced file is read anew, an unreadable one is told."""

import os
from pathlib import Path

import pytest
from cryptography import x509

from simulators.local_stack import certificates
from simulators.local_stack.protection import AUTHORITY_PEM, SERVER_PEM
from streams.runtime.certificates import UNREADABLE, CertificateFiles, first_end

NAME = "STREAMS_KAFKA__SSL_CAFILE"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    certificates.ensure(tmp_path)
    return tmp_path


def _end(path: Path) -> float:
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc.timestamp()


def test_the_first_certificate_that_ends_counts_and_keys_are_left_out(folder: Path) -> None:
    authority, server = (folder / AUTHORITY_PEM).read_bytes(), (folder / SERVER_PEM).read_bytes()

    assert first_end(authority) == _end(folder / AUTHORITY_PEM)
    assert first_end(server) <= first_end(authority)
    with pytest.raises(ValueError, match="PEM"):
        first_end(b"no certificate")


def test_a_file_that_is_replaced_is_read_anew(folder: Path) -> None:
    path = folder / AUTHORITY_PEM
    files = CertificateFiles({NAME: path})
    assert files.ends() == {NAME: _end(path)}

    path.write_bytes(b"broken")
    os.utime(path, (1, 1))
    assert files.ends() == {NAME: UNREADABLE}

    (folder / "new").mkdir()
    certificates.ensure(folder / "new")
    path.write_bytes((folder / "new" / AUTHORITY_PEM).read_bytes())
    os.utime(path, (2, 2))
    assert files.ends() == {NAME: _end(path)}


def test_a_file_that_is_gone_is_told_as_unreadable(tmp_path: Path) -> None:
    assert CertificateFiles({NAME: tmp_path / "gone.pem"}).ends() == {NAME: UNREADABLE}
