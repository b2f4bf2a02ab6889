# Makes the sources and the wheel of the Python client: python_client.py OUT, in the folder of pyproject.toml. No network, no package but setuptools.
"""The backend of pyproject.toml writes the sources and their metadata (PEP 517); the wheel of a package that is all Python
is these files with a list of their digests (PEP 427). The same sources give the same bytes."""

import base64
import glob
import gzip
import hashlib
import io
import os
import sys
import tarfile
import tempfile
import zipfile

from setuptools import build_meta

TAG = "py3-none-any"
EPOCH = (1980, 1, 1, 0, 0, 0)


def digest(content):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def contents_of(sdist):
    """The files of the archive by their path within its one folder."""
    with tarfile.open(sdist) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        return {member.name.split("/", 1)[1]: archive.extractfile(member).read() for member in files}


def write_sdist(path, folder, files):
    """The archive under the name of PEP 625, which older backends do not give it."""
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as packed, tarfile.open(
        fileobj=packed, mode="w", format=tarfile.PAX_FORMAT
    ) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))


def write_wheel(path, info, package, files):
    inside = {name: content for name, content in files.items() if name.startswith(package + "/")}
    inside[f"{info}/LICENSE"] = files["LICENSE"]
    inside[f"{info}/METADATA"] = files["PKG-INFO"]
    inside[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: resk-caching\nRoot-Is-Purelib: true\nTag: {TAG}\n".encode()
    record = [f"{name},{digest(content)},{len(content)}" for name, content in sorted(inside.items())]
    inside[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in sorted(inside.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)


def main(out):
    if glob.glob("*.egg-info"):
        raise SystemExit("What a former build left is here: build from a copy of the sources.")
    with tempfile.TemporaryDirectory() as folder:
        files = contents_of(os.path.join(folder, build_meta.build_sdist(folder)))
    package = next(name.split("/")[0] for name in files if name.endswith("/__init__.py"))
    version = next(line[9:] for line in files["PKG-INFO"].decode().splitlines() if line.startswith("Version: "))
    title = f"{package}-{version}"
    write_sdist(os.path.join(out, f"{title}.tar.gz"), title, files)
    write_wheel(os.path.join(out, f"{title}-{TAG}.whl"), f"{title}.dist-info", package, files)


main(os.path.abspath(sys.argv[1]))
