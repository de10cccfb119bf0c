"""Leave very many files, very deep folders and very long names."""

CODE = r"""
import os
os.makedirs("many")
for number in range(20_000):
    try:
        open(f"many/{number}", "w").close()
    except OSError as error:
        print(number, error)
        break
for number in range(19_000):
    os.unlink(f"many/{number}")  if os.path.exists(f"many/{number}") else None
top = os.open(".", os.O_RDONLY)
for number in range(1500):
    try:
        os.mkdir("d" * 60)
        os.chdir("d" * 60)
    except OSError as error:
        print(number, error)
        break
open("deep", "w").write("x")
os.fchdir(top)
open("n" * 250, "w").write("x")
"""
