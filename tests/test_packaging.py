"""One set of pins for pip, Binder and conda; and the small files around the code."""

import ast
import itertools
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from mlcourse.cli.pins import compare_with_installed, needed_by, pinned_version, read_pins

FILES = ("pyproject.toml", "constraints.txt", "environment.yml")
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
posix = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")


def drift(pyproject: str, constraints: str, environment: str) -> list[str]:
    """Sentences on everything in which the three files disagree; none if they agree."""
    try:
        pins = read_pins(constraints)
    except ValueError as error:
        return [str(error)]
    project = tomllib.loads(pyproject)
    conda = yaml.safe_load(environment)
    extras = itertools.chain(*project["project"]["optional-dependencies"].values())
    wanted = [*project["project"]["dependencies"], *extras, *project["build-system"]["requires"]]

    problems = []
    for requirement in map(Requirement, wanted):
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            problems.append(f"{requirement.name} is not pinned")
        elif not requirement.specifier.contains(pinned_version(pin), prereleases=True):
            problems.append(f"pyproject.toml wants {requirement}, which the pin {pin} is not")

    (oldest,) = [one.version for one in SpecifierSet(project["project"]["requires-python"]) if one.operator == ">="]
    if project["tool"]["ruff"]["target-version"] != "py" + oldest.replace(".", ""):
        problems.append(f"ruff checks for another Python than {oldest}")
    made_for = re.search(r"--python-version (\S+)", constraints)
    if made_for and made_for.group(1) != oldest:
        problems.append(f"the pins were made for Python {made_for.group(1)}, and the project begins with {oldest}")

    named = [entry for entry in conda["dependencies"] if isinstance(entry, str)]
    through_pip = [line for entry in conda["dependencies"] if isinstance(entry, dict) for line in entry["pip"]]
    if f"python={oldest}" not in named:
        problems.append(f"environment.yml has to run the oldest Python, python={oldest}")
    if "pip" not in named:
        problems.append("environment.yml has to name pip, which installs the rest")
    for line in (f"--extra-index-url {CPU_INDEX}", "--constraint constraints.txt", "--editable ."):
        if line not in through_pip:
            problems.append(f"environment.yml lacks the line {line} for pip")
    versions = [re.split(r"=+", entry, maxsplit=1) for entry in named if not re.match(r"(python|pip)\b", entry)]
    versions += [re.split(r"==?", line, maxsplit=1) for line in through_pip if not line.startswith("--")]
    for name, *version in versions:
        pin = pins.get(canonicalize_name(name.strip()))
        if pin is None or version != [pinned_version(pin)]:
            problems.append(f"environment.yml names {name} {' '.join(version)}, and the pin is {pin}")
    if conda.get("variables", {}).get("KERAS_BACKEND") != "torch":
        problems.append("environment.yml has to set KERAS_BACKEND to torch")
    return problems


@pytest.fixture(scope="module")
def texts(root):
    return {name: (root / name).read_text(encoding="utf-8") for name in FILES}


@pytest.fixture(scope="module")
def pins(texts):
    return read_pins(texts["constraints.txt"])


class TestPins:
    def test_the_three_files_agree(self, texts):
        assert drift(*texts.values()) == []

    @pytest.mark.parametrize(
        ("file", "old", "new", "complaint"),
        [
            ("constraints.txt", r"^scipy==.*$", "", "scipy is not pinned"),
            ("constraints.txt", r"^setuptools==.*$", "setuptools==70.0", "which the pin setuptools==70.0 is not"),
            ("constraints.txt", r"^numpy==.*$", r"\g<0>\nnumpy==1.0", "pins numpy a second time"),
            ("constraints.txt", r"^numpy==", "numpy>=", "has to pin one version"),
            ("constraints.txt", r"^numpy==.*$", "numpy = 2", "is not a requirement"),
            ("constraints.txt", r"--python-version 3\.11", "--python-version 3.12", "were made for Python 3.12"),
            ("pyproject.toml", r'"numpy"', '"numpy==1.26.4"', "pyproject.toml wants numpy==1.26.4"),
            ("pyproject.toml", r'"pytest<9.2",', '"pytest<8",', "pyproject.toml wants pytest<8"),
            ("pyproject.toml", r'"numpy",', '"numpy", "polars",', "polars is not pinned"),
            ("pyproject.toml", r'requires-python = ">=3\.11"', 'requires-python = ">=3.12"', "python=3.12"),
            ("environment.yml", r"python=3\.11", "python=3.13", "oldest Python, python=3.11"),
            ("environment.yml", r"  - pip$", r"  - pip\n  - numpy=1.26", "names numpy 1.26"),
            ("environment.yml", r"  - pip$", r"  - pip\n  - pytorch", "names pytorch"),
            ("environment.yml", r"- --editable \.", r"\g<0>\n      - torch==2.0.0", "names torch 2.0.0"),
            ("environment.yml", r"- --constraint constraints\.txt", "- ruff", "lacks the line --constraint"),
            ("environment.yml", r"/whl/cpu", "/whl/cu130", "lacks the line --extra-index-url"),
            ("environment.yml", r"KERAS_BACKEND: torch", "KERAS_BACKEND: jax", "KERAS_BACKEND"),
        ],
    )
    def test_a_drift_is_noticed(self, texts, file, old, new, complaint):
        changed, count = re.subn(old, new, texts[file], flags=re.MULTILINE)
        assert count >= 1
        problems = drift(*({**texts, file: changed}).values())
        assert any(complaint in problem for problem in problems), problems

    def test_what_is_installed_is_what_is_pinned(self, pins):
        comparison = compare_with_installed(pins)
        assert comparison.differing == ()
        assert comparison.missing == ()

    def test_everything_is_pinned_on_every_system(self, pins):
        """Follow the installed packages' own requirements, as they read on other systems and Pythons."""
        assert self._needed_anywhere() - pins.keys() == set()

    def test_nothing_is_pinned_that_is_needed_nowhere(self, pins):
        # torch's build for CUDA, the fallback of the set-up, needs more than the build that is installed here.
        for_cuda = {name for name in pins if re.match(r"nvidia-|cuda-|triton$", name)}
        assert pins.keys() - self._needed_anywhere() - for_cuda == set()

    @staticmethod
    def _needed_anywhere():
        systems = [
            {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "aarch64"},
            {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
            {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
            {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
        ]
        pythons = [{"python_version": v, "python_full_version": v + ".0"} for v in ("3.11", "3.12", "3.13", "3.14")]
        needed = {"setuptools"}  # builds the project
        for system in systems:
            for python in pythons:
                needed |= needed_by("mlcourse", "test", {**system, **python})
        return needed

    def test_what_is_imported_is_asked_for(self, root, texts):
        """Not only there because something else happens to need it."""
        project = tomllib.loads(texts["pyproject.toml"])["project"]
        asked = {canonicalize_name(name) for name in project["dependencies"]}
        asked |= {canonicalize_name(name) for name in project["optional-dependencies"]["cluster"]}
        providers = metadata.packages_distributions()
        imported = set()
        for path in (root / "mlcourse").rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    imported.add(node.module.partition(".")[0])
        imported -= sys.stdlib_module_names | {"mlcourse"}
        assert {name for name in imported if canonicalize_name(providers.get(name, [name])[0]) not in asked} == set()

    def test_torch_here_is_the_build_that_was_asked_for(self, pins):
        assert Version(metadata.version("torch")).public == pinned_version(pins["torch"])

    def test_bootstrap_asks_the_same_index_and_python(self, root, texts):
        script = (root / "bootstrap.py").read_text(encoding="utf-8")
        assert f'TORCH_CPU_INDEX = "{CPU_INDEX}"' in script
        assert "OLDEST = (3, 11)" in script
        assert tomllib.loads(texts["pyproject.toml"])["project"]["requires-python"] == ">=3.11"


class TestComparisonWithInstalled:
    def test_another_version_is_told(self, texts):
        changed = re.sub(r"^rich==.*$", "rich==1.0", texts["constraints.txt"], flags=re.MULTILINE)
        (differing,) = compare_with_installed(read_pins(changed)).differing
        assert differing == ("rich", metadata.version("rich"), "1.0")

    def test_a_missing_package_is_told(self, pins, monkeypatch):
        everything = list(metadata.distributions())
        without = [found for found in everything if found.metadata["Name"].lower() != "pooch"]
        monkeypatch.setattr(metadata, "distributions", lambda: without)
        assert compare_with_installed(pins).missing == ("pooch",)

    def test_of_two_copies_the_one_that_is_imported_counts(self, pins, monkeypatch, tmp_path):
        (tmp_path / "rich-1.0.dist-info").mkdir()
        (tmp_path / "rich-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: rich\nVersion: 1.0\n")
        monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
        assert compare_with_installed(pins).differing == ()
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        assert [name for name, *_ in compare_with_installed(pins).differing] == ["rich"]

    def test_a_local_version_label_is_no_difference(self, pins):
        assert "torch" in compare_with_installed(pins).agreeing


class TestBinder:
    @posix
    def test_sessions_start_with_keras_on_torch(self, root):
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
        command = ["bash", "start", "bash", "-c", 'echo "$KERAS_BACKEND $1"', "-", "two words"]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "torch two words\n"

    @posix
    def test_post_build_releases_every_assignment(self, root, tmp_path):
        copy = tmp_path / "course"
        for name in ("source", "nbgrader_config.py"):
            source = root / "assignments" / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, _parent(copy / "assignments" / name))
        environment = {**os.environ, "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]}
        subprocess.run(["bash", root / "postBuild"], cwd=copy, env=environment, check=True)
        names = {path.name for path in (copy / "assignments/source").iterdir() if path.is_dir()}
        assert names
        assert {path.parent.name for path in (copy / "assignments/release").glob("*/*.ipynb")} == names

    @posix
    @pytest.mark.parametrize("name", ["postBuild", "start", ".ci/run"])
    def test_scripts_can_be_run(self, root, name):
        script = root / name
        assert script.read_bytes().startswith(b"#!/bin/bash\n")
        assert b"\r" not in script.read_bytes()
        assert script.stat().st_mode & stat.S_IXUSR


class TestSmallFiles:
    @posix
    def test_ci_runs_make_test_and_nothing_else(self, root, tmp_path):
        make = tmp_path / "make"
        make.write_text(f'#!/bin/bash\necho "$PWD: make $*" >> {tmp_path}/calls\nexit 3\n')
        make.chmod(0o755)
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        done = subprocess.run(["bash", root / ".ci/run"], cwd=tmp_path, env=environment, stdin=subprocess.DEVNULL)
        assert done.returncode == 3
        assert (tmp_path / "calls").read_text() == f"{root}: make test\n"

    def test_versions_agree(self, root, texts):
        import mlcourse

        version = tomllib.loads(texts["pyproject.toml"])["project"]["version"]
        citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
        assert version == mlcourse.__version__ == citation["version"] == metadata.version("mlcourse")

    def test_licences_agree(self, root, texts):
        expression = tomllib.loads(texts["pyproject.toml"])["project"]["license"]
        citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
        assert expression.split(" AND ") == citation["license"] == ["BSD-3-Clause", "CC-BY-4.0"]
        assert "BSD 3-Clause" in (root / "LICENSE").read_text(encoding="utf-8")
        assert "creativecommons.org/licenses/by/4.0" in (root / "LICENSE-CC-BY-4.0").read_text(encoding="utf-8")

    def test_git_keeps_sources_and_leaves_products(self, root):
        if not (root / ".git").exists():
            pytest.skip("not a git checkout")
        kept = ["assignments/source/a01/a01.ipynb", "assignments/nbgrader_config.py", "datasets/hapt.md"]
        products = [
            ".venv/bin/python",
            "assignments/gradebook.db",
            "assignments/release/a01/a01.ipynb",
            "assignments/submitted/eve/a01/a01.ipynb",
            "datasets/hapt.zip",
            "datasets/hapt/acc.txt",
            "notebooks/.ipynb_checkpoints/00_welcome-checkpoint.ipynb",
        ]
        command = ["git", "check-ignore", "--no-index", *kept, *products]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        if done.returncode == 128:
            pytest.skip(f"git does not answer here: {done.stderr.strip()}")
        assert done.stdout.split() == products

    def test_importing_the_package_loads_nothing_heavy(self):
        script = (
            "import sys; import mlcourse;"
            "heavy = {'numpy', 'torch', 'keras', 'pandas', 'sklearn', 'matplotlib', 'nbgrader'} & sys.modules.keys();"
            "assert not heavy, heavy"
        )
        subprocess.run([sys.executable, "-c", script], check=True)


def _parent(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
