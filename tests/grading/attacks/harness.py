"""A course full of secrets, hostile submissions in it, and what became of both.

Every secret is a word of its own (`World.secrets`), every attack has a word of its own (`World.mark`). Whatever an
attack gets hold of, it prints; whatever it changes, it marks. So that what it did is found by looking for these words.
"""

import contextlib
import glob
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import site
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbcourse
import nbformat
import tiny

HERE = Path(__file__).parent
NAME = tiny.NAME
FULL = 5  # points that an honest notebook gets
STUDENTS = ("ada", "zoe")  # honest, the first and the last of the class
_BIG = 60_000_000  # bytes that a submission may leave behind

# Comes first in each hostile notebook, so that the attacks are short.
_PRELUDE = '''
def attempt(what, action):
    """Print what came of an action."""
    try:
        print(what, str(action())[:40_000])
    except BaseException as error:
        print(what, type(error).__name__, str(error)[:200])


'''


@dataclass(frozen=True)
class Attack:
    """One hostile submission."""

    number: int
    student: str
    intent: str
    module: object = field(repr=False)

    @property
    def name(self) -> str:
        """From the name of its file."""
        return self.module.__name__.removeprefix("attack_")[3:].replace("_", " ")

    def get(self, name: str, default=None):
        """A setting of the attack's file."""
        return getattr(self.module, name, default)


def attacks() -> list[Attack]:
    """All attacks, in order."""
    found = []
    for path in sorted(HERE.glob("[0-9][0-9]_*.py")):
        spec = importlib.util.spec_from_file_location(f"attack_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.append(
            Attack(
                int(path.stem[:2]),
                getattr(module, "STUDENT", "m" + path.stem),
                module.__doc__.strip().splitlines()[0],
                module,
            )
        )
    return found


class World:
    """An instructor's machine: course, home folder, servers and processes, with a secret in each.

    Parameters
    ----------
    root : path
        An empty folder, writable.
    stock : bool
        With the settings that nbgrader comes with, rather than this project's.
    template : path, optional
        A course that was released before.
    """

    def __init__(self, root: Path, *, stock: bool = False, template: Path | None = None):
        self.root, self.stock = root, stock
        self.full = FULL - 2 * stock  # a harmless warning costs the points of a test there
        self.course, self.home = root / "course", root / "home"
        self.victim = STUDENTS[0]
        self.token = "kmq" + secrets.token_hex(4)
        kinds = ("gradebook", "source", "config", "another submission", "environment", "home", "server", "process")
        self.secrets = {kind: f"{self.token}{number:02d}secret" for number, kind in enumerate(kinds)}
        self.secrets["hidden tests"] = "8231"  # see tiny
        self._make_home()
        self._make_course(template)
        self._listen()
        self._sleeper = subprocess.Popen(
            ["sleep", "3000"], env={"SECRET": self.secrets["environment"], "PATH": os.defpath}, start_new_session=True
        )
        self._before: dict = {}

    def _make_home(self) -> None:
        self.home.mkdir()
        (self.home / "secret.txt").write_text(self.secrets["home"])
        (self.home / ".bashrc").write_text("# empty\n")

    def _make_course(self, template: Path | None) -> None:
        if template:
            shutil.copytree(template, self.course)
        else:
            make_template(self.course)
        source = self.course / "source" / NAME / f"{NAME}.ipynb"
        # The solution of `explain` is never shown to the machine, so it may hold a word of its own.
        source.write_text(source.read_text().replace("Because.", f"Because {self.secrets['source']}."))
        config = self.course / "nbgrader_config.py"
        settings = config.read_text()
        if self.stock:
            settings = f"c = get_config()\nc.CourseDirectory.root = {str(self.course)!r}\n"
            settings += "c.CourseDirectory.course_id = 'mlcourse'\nc.Execute.timeout = 6\n"
        config.write_text(f"{settings}\n# password: {self.secrets['config']}\n")
        with sqlite3.connect(self.course / "gradebook.db") as gradebook:
            gradebook.execute(
                "insert into student (id, first_name, last_name) values ('absent', 'x', ?)", [self.secrets["gradebook"]]
            )
        for student in STUDENTS:
            answers = {**tiny.RIGHT, "explain": f"It is so: {self.secrets['another submission']}."}
            nbcourse.hand_in(self.course, student, NAME, answers)

    def _listen(self) -> None:
        self.heard = b""
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", self.port))
        self.socket = f"{self.token}-abstract"
        abstract, named = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        abstract.bind(f"\0{self.socket}")
        here = os.open(".", os.O_RDONLY)
        os.chdir(self.home)  # the name of a socket must be short
        named.bind("agent.sock")
        os.fchdir(here)
        os.close(here)
        os.chmod(self.home / "agent.sock", 0o777)
        for server in (abstract, named):
            server.listen()
        self._servers = [tcp, udp, abstract, named]

        def serve(server):
            with contextlib.suppress(OSError):
                while True:
                    if server.type == socket.SOCK_DGRAM:
                        self.heard += server.recv(1000)
                        continue
                    peer, _ = server.accept()
                    with peer, contextlib.suppress(OSError):
                        peer.settimeout(2)
                        peer.sendall(self.secrets["server"].encode())
                        self.heard += peer.recv(1000)

        for server in self._servers:
            threading.Thread(target=serve, args=[server], daemon=True).start()

    def close(self) -> None:
        """End servers and processes."""
        for server in self._servers:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        self._sleeper.kill()
        self._sleeper.wait()

    def mark(self, attack: Attack) -> str:
        """The word that an attack leaves wherever it was."""
        return f"{self.token}mark{attack.number:02d}"

    def fill(self, text: str, attack: Attack | None = None) -> str:
        """Put what an attacker could know, or guess, into the text of an attack."""
        known = {
            "COURSE": self.course, "HOME": self.home, "PORT": self.port, "SOCKET": self.socket, "NAME": NAME,
            "VICTIM": self.victim, "TOKEN": self.token, "MARK": self.mark(attack or self._attack),
            "REACHED": f"{self.mark(attack or self._attack)}reached",
        }  # fmt: skip
        for name, value in known.items():
            text = text.replace(f"@{name}@", str(value))
        return text

    def hand_in(self, attack: Attack) -> None:
        """Hand in a hostile submission."""
        self._attack = attack
        code = self.fill(attack.get("CODE", ""))
        answers = {**tiny.RIGHT, "double": _PRELUDE + tiny.RIGHT["double"]}
        answers["third"] = code if "def third" in code else f"{tiny.RIGHT['third']}\n\n\n{code}"
        path = nbcourse.hand_in(self.course, attack.student, NAME, answers)
        if change := attack.get("notebook"):
            notebook = nbformat.read(path, as_version=4)
            change(notebook)
            path.write_text(self.fill(json.dumps(notebook)))
        if prepare := attack.get("prepare"):
            prepare(path.parent, self)

    # What is there before and after

    def _protected(self) -> dict[str, str]:
        """Hashes of everything that nobody but the instructor may change."""
        found = {}
        places = [self.home, self.course / "source", self.course / "release", self.course / "submitted"]
        files = [self.course / "nbgrader_config.py"]
        for place in places:
            for folder, folders, names in os.walk(place):
                files += [Path(folder) / name for name in [*folders, *names]]
        for path in files:
            state = path.lstat()
            if stat.S_ISREG(state.st_mode) and os.path.samestat(state, os.stat(self.course / "gradebook.db")):
                continue  # a hard link to it; rows are compared instead
            if stat.S_ISREG(state.st_mode) and path.suffix != ".pyc":
                found[os.fsencode(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
            elif path.name not in ("__pycache__",) and path.suffix != ".pyc":
                found[os.fsencode(path)] = str(stat.S_IFMT(state.st_mode))
        return found

    def _gradebook(self) -> list:
        with sqlite3.connect(self.course / "gradebook.db") as gradebook:
            return gradebook.execute("select id, last_name from student where id = 'absent'").fetchall()

    def watch(self) -> None:
        """Note how things are before grading."""
        self._before = {"files": self._protected(), "rows": self._gradebook()}

    def scores(self, student: str) -> float | None:
        """Points that the machine gave somebody, or None."""
        with sqlite3.connect(self.course / "gradebook.db") as gradebook:
            rows = gradebook.execute(
                """select sum(grade.auto_score), count(manual_score) from grade
                join submitted_notebook on grade.notebook_id = submitted_notebook.id
                join submitted_assignment on submitted_notebook.assignment_id = submitted_assignment.id
                where submitted_assignment.student_id = ?""",
                [student],
            ).fetchall()
        (score, by_hand) = rows[0]
        return None if by_hand else score

    def processes(self, attack: Attack) -> list[int]:
        """Processes that an attack left behind."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if self.mark(attack).encode() in file.read_bytes() and int(file.parent.name) != os.getpid():
                    found.append(int(file.parent.name))
        return found

    def done(self, attack: Attack) -> list[str]:
        """Say what an attack achieved; nothing, if all is well. Call it after grading and feedback."""
        achieved = []
        texts, size = self._left(attack)
        everything = b"\0".join(texts.values())
        said = b"\0".join(text for name, text in texts.items() if not name.endswith((".ipynb", ".html", ".json")))
        for kind, word in self.secrets.items():
            if kind in ("environment", "process") and word.encode() in everything:
                achieved.append("read the environment of others")
            elif kind == "hidden tests":
                if word.encode() in said:
                    achieved.append("read hidden tests")
            elif word.encode() in everything:
                achieved.append(f"read {kind}")
        mark = self.mark(attack)
        reached = sorted({line for line in said.split(b"\n") if mark.encode() + b"reached" in line})
        if reached:
            names = [clean(line.decode(errors="replace")).split(mark)[0][:40].strip(' "[') for line in reached[:3]]
            achieved.append("reached " + ", ".join(names))
        written = self._marked(attack)
        if self.stock:
            written += self.changed()
        if written:
            achieved.append("wrote " + ", ".join(sorted({os.path.basename(name) for name in written})[:4]))
        if mark.encode() in self.heard:
            achieved.append("talked to a server")
        if self.processes(attack):
            achieved.append("left a process behind")
        if size > _BIG:
            achieved.append(f"left {size / 1e6:,.0f} MB behind")
        greed = attack.get("GREED")
        if greed and greed.encode() in said:
            achieved.append(greed)
        if self._script(attack):
            achieved.append("a script in the pages")
        earned = attack.get("DESERVES", FULL) - (FULL - self.full)
        if (score := self.scores(attack.student)) is not None and score > earned:
            achieved.append("points that it did not earn")
        return achieved

    def changed(self) -> list[str]:
        """What nobody may change, and what was changed."""
        before, after = self._before["files"], self._protected()
        names = [os.fsdecode(name) for name in {*after, *before} if after.get(name) != before.get(name)]
        usual = tuple(f"{self.home}/{name}" for name in (".ipython", ".jupyter", ".cache", ".local"))
        names = [name for name in names if not name.startswith(usual)]  # Jupyter's own; attacks mark what they write
        return [*(["the gradebook's other rows"] if self._gradebook() != self._before["rows"] else []), *names]

    def _left(self, attack: Attack) -> tuple[dict[str, bytes], int]:
        """What the grader keeps of a submission, and how many bytes it is."""
        texts, size = {}, 0
        for place in self._places(attack):
            for folder, _, names in os.walk(place):
                for name in names:
                    path = os.path.join(folder, name)
                    with contextlib.suppress(OSError):
                        state = os.stat(path)
                        if not stat.S_ISREG(state.st_mode):
                            continue
                        size += state.st_size
                        if state.st_size > 200_000_000:
                            continue
                        text = Path(path).read_bytes()
                        if name.endswith(".ipynb"):
                            with contextlib.suppress(ValueError, AttributeError):
                                texts[f"{path}/outputs"] = _outputs(json.loads(text)).encode()
                        texts[path] = text
        return texts, size

    def _places(self, attack: Attack) -> list[Path]:
        places = [self.course / step / attack.student for step in ("autograded", "feedback")]
        return [*places, *self.course.glob(f".mlcourse/*/{NAME}/{glob.escape(attack.student)}*")]

    def _marked(self, attack: Attack) -> list[str]:
        """Files outside of the submission that bear the mark of the attack."""
        mark, own = self.mark(attack), [*self._places(attack), self.course / "submitted" / attack.student]
        own.append(self.root / "log")
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if Path(folder) / name not in own]
            for name in [*folders, *names]:
                path = Path(folder) / name
                if path in own or path.is_symlink():
                    continue
                with contextlib.suppress(OSError):
                    if mark in name or (path.is_file() and mark.encode() in path.read_bytes()):
                        found.append(str(path))
        places = ("/tmp", "/dev/shm", "/var/tmp", "/run", "/sys/fs/cgroup", "/etc/profile.d", *site.getsitepackages())
        for place in places:
            found += [str(path) for path in Path(place).glob(f"*{mark}*")]
        return found

    def _script(self, attack: Attack) -> bool:
        """Whether a page holds something of the attack's that a browser would execute."""
        pages = [path for path in (self.course / "feedback" / attack.student).glob("*/*.html") if path.is_file()]
        mark = self.mark(attack)
        texts = (path.read_text(errors="replace") for path in pages)
        return any(mark in text and executable(text, mark) for text in texts)


def executable(page: str, word: str) -> bool:
    """Whether a page holds `word` where a browser would execute it: in a script, a handler, or an address."""
    from html.parser import HTMLParser

    class Reader(HTMLParser):
        found, inside = False, False

        def handle_starttag(self, tag, attributes):
            self.inside = tag == "script"
            for name, value in attributes:
                value = (value or "").strip()
                handler = name.startswith("on") or name == "srcdoc" or value.lower().startswith("javascript:")
                self.found |= handler and word in value
                if value.startswith("data:text/html;base64,"):
                    import base64

                    self.found |= executable(base64.b64decode(value.partition(",")[2]).decode(), word)

        def handle_endtag(self, tag):
            self.inside = False

        def handle_data(self, data):
            self.found |= self.inside and word in data

    reader = Reader()
    reader.feed(page)
    return bool(reader.found)


def _outputs(notebook: dict) -> str:
    """What the cells of a notebook said; not what an error quotes of their sources."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    return "\n".join(
        json.dumps(output.get("text") or output.get("data"), ensure_ascii=False).replace("\\n", "\n")
        for output in outputs
        if output["output_type"] != "error"
    )


def clean(text: str) -> str:
    """Text without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)


def make_template(root: Path) -> Path:
    """A released course whose release has a file beside the notebook."""
    from mlcourse.grading.releasing import release

    tiny.write(root)
    (root / "source" / NAME / "given.csv").write_text("1,2\n")
    release(course=root)
    return root


# Grading


class Grader:
    """Runs a command of this project in a world, and looks at what it does to the machine."""

    def __init__(self, world: World):
        self.world = world
        self.heaviest = 0.0  # MB of the heaviest process that is the grader's own
        self.output = ""

    def run(self, *command: str, seconds: float = 500) -> int:
        """Run ``python -m COMMAND``; return its status, None where it had to be stopped."""
        world = self.world
        environment = {
            **os.environ,
            "HOME": str(world.home),
            "SECRET": world.secrets["environment"],
            "MLCOURSE_DATA": str(world.course),  # data sets are shown to kernels; the rest of the course is not
            "PYTHONDONTWRITEBYTECODE": "1",
            "TERM": "dumb",
        }
        environment.pop("PYTEST_CURRENT_TEST", None)
        with open(world.root / "log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=world.course, env=environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
            until = time.monotonic() + seconds
            while process.poll() is None and time.monotonic() < until:
                self._weigh(process.pid)
                time.sleep(0.2)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return None
        self.output = (world.root / "log").read_text(errors="replace")
        return process.returncode

    def _weigh(self, pid: int) -> None:
        """Note how much memory the grader and its workers took; kernels have limits of their own."""
        for process in (pid, *_children(pid)):
            with contextlib.suppress(OSError, StopIteration, ValueError):
                command = Path(f"/proc/{process}/cmdline").read_bytes()
                if b"sandbox.server" not in command:
                    status = Path(f"/proc/{process}/status").read_text()
                    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
                    self.heaviest = max(self.heaviest, int(peak.split()[1]) / 1000)


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
