"""Find the hidden tests in a file before they are run."""

CODE = r"""
import os
found = []
for top in (".", "/tmp", "/home", "/run", "/dev/shm", "@COURSE@"):
    for folder, _, names in os.walk(top):
        for name in names:
            if name.endswith((".ipynb", ".json", ".db")) and "site-packages" not in folder:
                path = os.path.join(folder, name)
                try:
                    text = open(path, errors="replace").read()
                except OSError:
                    continue
                if "BEGIN HIDDEN" in text:
                    found.append(text)
print(found)
"""
