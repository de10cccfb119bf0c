"""Write an archive with paths that lead out of it, and one that grows a thousandfold."""

import zipfile

CODE = r"""
import tarfile, io, zipfile
with zipfile.ZipFile("work.zip", "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("../../../gradebook.db", "@MARK@")
    archive.writestr("/tmp/@MARK@", "@MARK@")
    archive.writestr("zeros", bytes(50_000_000))
with tarfile.open("work.tar", "w") as archive:
    entry = tarfile.TarInfo("../../../@MARK@")
    entry.size = 6
    archive.addfile(entry, io.BytesIO(b"@MARK@"))
"""


def prepare(folder, world):
    with zipfile.ZipFile(folder / "work.zip", "w") as archive:
        archive.writestr("../../../gradebook.db", world.fill("@MARK@"))
        archive.writestr(world.fill("/tmp/@MARK@"), "x")
