# Makes the sources and the wheel of the Python client: python_client.py OUT VERSION, in the folder of pyproject.toml. Python's own library is all it needs.
"""A package that is all Python is its files with their metadata (sources) and a list of digests (wheel, PEP 427), so that no
backend and no network is needed; whoever builds from the sources uses the backend that pyproject.toml names. The same
sources give the same bytes. The version is in the form of PEP 440."""

import base64
import gzip
import hashlib
import io
import os
import sys
import tarfile
import tomllib
import zipfile

TAG = "py3-none-any"
EPOCH = (1980, 1, 1, 0, 0, 0)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def files_of(package):
    """The files of the package by their path with `/`; what Python made of them is left out."""
    found = {}
    for folder, folders, names in os.walk(package):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            path = os.path.join(folder, name)
            found[path.replace(os.sep, "/")] = read(path)
    return found


def metadata(project, version, readme):
    """Core metadata 2.1, whose licence is a text; the form that every index and every pip reads."""
    head = [
        ("Metadata-Version", "2.1"),
        ("Name", project["name"]),
        ("Version", version),
        ("Summary", project["description"]),
        ("License", project["license"]["text"]),
        *[("Classifier", classifier) for classifier in project.get("classifiers", [])],
        ("Requires-Python", project["requires-python"]),
        *[("Requires-Dist", requirement) for requirement in project.get("dependencies", [])],
        ("Description-Content-Type", "text/markdown"),
    ]
    return "\n".join([*[f"{name}: {value}" for name, value in head], "", readme.decode()]).encode()


def write_sdist(path, folder, files):
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as packed, tarfile.open(
        fileobj=packed, mode="w", format=tarfile.PAX_FORMAT
    ) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))


def digest(content):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def write_wheel(path, info, files):
    inside = dict(files)
    inside[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: resk-caching\nRoot-Is-Purelib: true\nTag: {TAG}\n".encode()
    record = [f"{name},{digest(content)},{len(content)}" for name, content in sorted(inside.items())]
    inside[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in sorted(inside.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)


def main(out, version):
    project = tomllib.loads(read("pyproject.toml").decode())["project"]
    package = project["name"].replace("-", "_")
    readme, licence = read(project["readme"]), read("LICENSE")
    info, code = metadata(project, version, readme), files_of(package)
    if f"{package}/__init__.py" not in code:
        raise SystemExit(f"There is no package {package} here.")
    # PEP 625: an archive is named as the package is imported.
    title = f"{package}-{version}"
    sources = {"pyproject.toml": read("pyproject.toml"), project["readme"]: readme, "LICENSE": licence, "PKG-INFO": info}
    write_sdist(os.path.join(out, f"{title}.tar.gz"), title, {**code, **sources})
    dist_info = f"{title}.dist-info"
    own = {f"{dist_info}/METADATA": info, f"{dist_info}/LICENSE": licence}
    write_wheel(os.path.join(out, f"{title}-{TAG}.whl"), dist_info, {**code, **own})


main(os.path.abspath(sys.argv[1]), sys.argv[2])
