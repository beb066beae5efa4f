#!/usr/bin/env python3
"""Makes tests/data/golden/*.tar: the same three files in every format that Python's tarfile writes, with a folder and a link
between them. Needs nothing else. Run it in the folder where it lies: python3 make_archives.py
"""
import io
import os
import tarfile

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")
FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def member(name, data=b"", kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(data)
    info.linkname = "1.jpg" if kind == tarfile.SYMTYPE else ""
    return info, io.BytesIO(data)


for name, number in FORMATS.items():
    with tarfile.open(os.path.join(OUT, name + ".tar"), "w", format=number) as archive:
        for info, data in [
            member("1.jpg", b"one"),
            member("folder", kind=tarfile.DIRTYPE),
            member("link.jpg", kind=tarfile.SYMTYPE),
            member("n" * 120 + "/" + "m" * 95 + ".jpg", b"two"),
            member("3.cls", b"7\n"),
        ]:
            archive.addfile(info, data)
