"""Read what was handed in without being led astray by it.

An archive can hold links, pipes and devices beside its files. Whoever follows a link in a submitted folder copies the
gradebook or a password file into the page that the learner gets back, and whoever opens a pipe waits for ever. Here,
only regular files count that are not another name of somebody else's.

nbgrader's own copying follows links; `guard` replaces the two functions of it that read submitted files, for plain
``nbgrader autograde`` and the formgrader as well.
"""

import contextlib
import os
import stat
from pathlib import Path

_MOST_NOTEBOOK = 50_000_000  # bytes; with outputs, which are thrown away anyway
_MOST_DATE = 1000


class PlantedError(OSError):
    """What should be a file is something else; the message says what, after "it is"."""


def what_is_odd(state: os.stat_result) -> str:
    """Say what kind of thing is there instead of a regular file; nothing for a regular file."""
    if stat.S_ISLNK(state.st_mode):
        return "a link"
    if not stat.S_ISREG(state.st_mode):
        return "a folder" if stat.S_ISDIR(state.st_mode) else "no regular file"
    return ""


def read_plain(path: str | os.PathLike, most: int = _MOST_NOTEBOOK) -> bytes:
    """Content of a plain file.

    Parameters
    ----------
    path : path
    most : int
        Bytes that it may have.

    Raises
    ------
    PlantedError
        If it is not a plain file, or too big.
    OSError
        As `open`.
    """
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        odd = what_is_odd(os.lstat(path))
        raise (PlantedError(error.errno, odd) if odd else error) from None
    with os.fdopen(opened, "rb") as file:
        state = os.fstat(opened)
        if odd := what_is_odd(state):
            raise PlantedError(0, odd)
        if is_somebody_elses(path, state):
            raise PlantedError(0, "a hard link")
        content = file.read(min(most, state.st_size) + 1)
        if len(content) > most:
            raise PlantedError(0, f"more than {most / 1e6:g} MB")
        return content


def is_somebody_elses(path: str | os.PathLike, state: os.stat_result) -> bool:
    """Whether a submitted file is another name, a hard link, of one that belongs elsewhere.

    It belongs to where it was first: to the instructor, or to the submission whose folder was changed least recently.
    So nobody loses a file because somebody else made a link to it.
    """
    if state.st_nlink == 1:
        return False
    path = Path(os.path.abspath(path))
    root = next((parent for parent in path.parents if (parent / "nbgrader_config.py").is_file()), None)
    if root is None:
        return True
    names = []
    for folder, _, files in os.walk(root):
        for name in files:
            with contextlib.suppress(OSError):
                if os.path.samestat(os.lstat(os.path.join(folder, name)), state):
                    names.append(Path(folder, name))
    if len(names) < state.st_nlink:
        return True  # the others are outside of the course
    step, *submission = path.relative_to(root).parts[:3]
    for name in names:
        place, *other = name.relative_to(root).parts[:3]
        if place != step:
            return True
        if other != submission and os.stat(name.parent).st_ctime_ns <= os.stat(path.parent).st_ctime_ns:
            return True
    return False


def is_led_astray(folder: str | os.PathLike) -> bool:
    """Whether the folder of a submission is a link to another place."""
    return os.path.islink(os.path.normpath(folder))


def copy_plain(source: str, target: str, names, log) -> None:
    """Copy the plain files among `names`, below `source`, to the same places below `target`."""
    for name in names:
        relative = os.path.relpath(name, source)
        path = os.path.join(target, relative)
        try:
            content = read_plain(name, 2**40)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
            log.info("Copying %s -> %s", name, path)
            with open(path, "wb") as file:
                file.write(content)
            os.chmod(path, stat.S_IMODE(os.stat(name).st_mode) | stat.S_IWUSR)
        except OSError as error:  # a name too long for here, or one that is taken
            log.warning("Left out %r: %s", name, error)


def guard() -> None:
    """Have nbgrader copy plain files only, and read dates from plain files only."""
    from nbgrader.converters import Autograde, GenerateFeedback, base
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import find_all_files

    usual_copy, usual_date = base.BaseConverter.init_assignment, CourseDirectory.get_existing_timestamp
    if hasattr(usual_copy, "guarded"):
        return

    def init_assignment(self, assignment_id, student_id):
        if not isinstance(self, Autograde | GenerateFeedback):
            return usual_copy(self, assignment_id, student_id)  # what the instructor wrote may have links
        source, target = self._format_source(assignment_id, student_id), self._format_dest(assignment_id, student_id)
        if is_led_astray(source):
            return None
        files, folders = _taken(self, assignment_id)
        names = []
        for name in find_all_files(source, [*self.coursedir.ignore, "*.ipynb"]):
            path = Path(os.path.relpath(name, source))
            if not clashes(path, files, folders):
                names.append(name)
        copy_plain(source, target, names, self.log)

    def get_existing_timestamp(self, dest_path):
        path = os.path.join(dest_path, "timestamp.txt")
        try:
            read_plain(path, _MOST_DATE)
        except FileNotFoundError:
            return None
        except PlantedError as error:
            self.log.warning("%s is not read: it is %s", path, error.strerror)
            return None
        return usual_date(self, dest_path)

    init_assignment.guarded = True
    base.BaseConverter.init_assignment = init_assignment
    CourseDirectory.get_existing_timestamp = get_existing_timestamp


def clashes(path: Path, files: set[Path], folders: set[Path]) -> bool:
    """Whether a file at `path` would be in the way of one of `files`, or of one of `folders`."""
    return path in folders or any(part in files for part in (path, *path.parents))


def _taken(run, assignment_id: str) -> tuple[set[Path], set[Path]]:
    """Files and folders, relative to the folder of the assignment, that nbgrader is going to make there."""
    from nbgrader.converters import Autograde
    from nbgrader.utils import find_all_files

    files = {Path(Path(name).stem + run.exporter.file_extension) for name in run.notebooks}
    if isinstance(run, Autograde):
        source = run.coursedir.format_path(run.coursedir.source_directory, ".", assignment_id)
        ignored = [*run.coursedir.ignore, "*.ipynb"]
        files |= {Path(os.path.relpath(name, source)) for name in find_all_files(source, ignored)}
    return files, {parent for file in files for parent in file.parents}
