"""What this machine's processor computes with, and so which number formats will be faster here."""

import platform
from dataclasses import dataclass
from pathlib import Path

import torch

from mlcourse.measure.cpu_flags import ask, instruction_sets

#: Instructions that compute with a format, the strongest first, by Linux's names. f16c is not among them: it converts
#: only; avx512_vnni and its like multiply whole numbers.
COMPUTES = {
    "bfloat16": {
        "amx_bf16": "AMX: tiles of 16 x 32 numbers at a time",
        "avx512_bf16": "AVX-512 BF16: two products a lane where float32 has one",
        "bf16": "ARM BF16: products of 2 x 4 matrices",
    },
    "float16": {
        "amx_fp16": "AMX-FP16: tiles of 16 x 32 numbers at a time",
        "avx512_fp16": "AVX-512 FP16: twice the lanes of float32",
        "asimdhp": "ARM FP16: twice the lanes of float32",
    },
    "int8": {
        "amx_int8": "AMX: tiles of 16 x 64 numbers at a time",
        "avx512_vnni": "AVX-512 VNNI: four products a lane where float32 has one",
        "avx_vnni": "AVX-VNNI: four products a lane where float32 has one",
        "i8mm": "ARM I8MM: products of 2 x 8 matrices",
        "asimddp": "ARM dot product: four products a lane where float32 has one",
        "avx2": "AVX2: two products a lane where float32 has one, in 16 bits",
        "asimd": "NEON: two products a lane where float32 has one, in 16 bits",
    },
}


@dataclass(frozen=True)
class Prediction:
    """What to expect of a number format, before anything is measured.

    Attributes
    ----------
    faster : bool
        Whether large convolutions and matrix products should be faster than in float32.
    instruction : str or None
        The strongest instruction set that computes with the format; None if there is none.
    why : str
    """

    faster: bool
    instruction: str | None
    why: str


@dataclass(frozen=True)
class Capabilities:
    """What a machine computes with.

    Attributes
    ----------
    processor : str
        Its name, as the operating system tells it.
    system : str
        Operating system and architecture.
    instructions : tuple of str
        Instruction sets, by the names that Linux has for them, sorted; empty where nothing tells.
    torch_level : str
        The instruction sets that torch chose its own loops for: "DEFAULT", "AVX2", "AVX512", "SVE256" ...
    threads : int
        That torch uses at present.
    accelerator : str or None
        A GPU that torch can use.
    formats : dict of str to Prediction
        For "bfloat16", "float16" and "int8": what torch will compute with on the processor, and whether that pays.
    """

    processor: str
    system: str
    instructions: tuple[str, ...]
    torch_level: str
    threads: int
    accelerator: str | None
    formats: dict[str, Prediction]

    def pays(self, dtype) -> bool:
        """Whether computing with a format should be faster than with float32 on this processor.

        Parameters
        ----------
        dtype : str or torch.dtype
            "float16", "bfloat16" or "int8". Memory shrinks with each of them, whatever the answer.
        """
        name = str(dtype).removeprefix("torch.").removeprefix("q")
        if name not in self.formats:
            raise ValueError(f"dtype must be one of {', '.join(self.formats)}, not {dtype!r}.")
        return self.formats[name].faster

    def __str__(self) -> str:
        known = [name for name in self.instructions if name in _worth_telling()]
        lines = [
            f"{self.processor}; {self.system}",
            f"instructions that matter here: {', '.join(known) or 'none known'}",
            f"torch {torch.__version__}: loops for {self.torch_level}, {self.threads} threads",
        ]
        lines += [f"accelerator: {self.accelerator}"] if self.accelerator else []
        for name, found in self.formats.items():
            lines.append(f"{name + ':':10}{'faster' if found.faster else 'not faster'} - {found.why}")
        return "\n".join(lines)

    def __rich__(self) -> str:
        return str(self)


def capabilities(cpuinfo=Path("/proc/cpuinfo")) -> Capabilities:
    """Find out what this machine computes with, and predict which number formats will be faster than float32.

    The prediction is for large convolutions and matrix products in torch on the processor, which arithmetic limits: a
    format is faster where the processor has instructions that compute with it, and torch's libraries use them. Layers
    that wait for memory (a fully connected one with a batch of 1) may gain from fewer bytes in any case. It is a
    prediction; a lab measures afterwards.

    Parameters
    ----------
    cpuinfo : path
        Where Linux tells about the processor. Elsewhere ``sysctl`` (macOS), torch and numpy are asked.

    Returns
    -------
    Capabilities

    Examples
    --------
    >>> machine = capabilities()
    >>> sorted(machine.formats)
    ['bfloat16', 'float16', 'int8']
    >>> machine.pays("float16") in (True, False)
    True
    """
    processor, instructions = instruction_sets(Path(cpuinfo))
    return Capabilities(
        processor=processor,
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        instructions=instructions,
        torch_level=ask(torch.backends.cpu.get_cpu_capability) or "unknown",
        threads=torch.get_num_threads(),
        accelerator=_accelerator(),
        formats={dtype: predict(dtype, instructions) for dtype in COMPUTES},
    )


def predict(dtype: str, instructions, library=None) -> Prediction:
    """Predict whether a number format is faster than float32 on a processor with these instructions.

    Parameters
    ----------
    dtype : str
        "bfloat16", "float16" or "int8".
    instructions : collection of str
        By Linux's names.
    library : bool, optional
        Whether torch's library (oneDNN) has the format for this processor; asked for if not given.

    Examples
    --------
    >>> predict("bfloat16", {"avx2", "f16c"}, library=True).faster
    False
    >>> predict("bfloat16", {"avx2", "avx512_bf16"}, library=True).why
    'AVX-512 BF16: two products a lane where float32 has one (avx512_bf16)'
    """
    found = next((name for name in COMPUTES[dtype] if name in instructions), None)
    if not instructions:
        return Prediction(False, None, "this system does not tell its instruction sets: measure")
    if found is None:
        less = "" if dtype == "int8" else "; numbers are converted to float32 and back, or computed one by one"
        wanted = ", ".join(COMPUTES[dtype])
        return Prediction(False, None, f"no instruction computes with it (none of {wanted}){less}")
    if library is None:
        library = _library_has(dtype)
    if not library:
        return Prediction(False, found, f"the processor has {found}, but this torch does not use it")
    return Prediction(True, found, f"{COMPUTES[dtype][found]} ({found})")


def _library_has(dtype) -> bool:
    """Whether torch's libraries have kernels of a format."""
    if dtype == "int8":
        return any(engine != "none" for engine in torch.backends.quantized.supported_engines)
    if not torch.backends.mkldnn.is_available():
        return False
    question = f"_is_mkldnn_{'bf16' if dtype == 'bfloat16' else 'fp16'}_supported"
    return bool(ask(lambda: getattr(torch.ops.mkldnn, question)()))


def _worth_telling() -> set[str]:
    return {"avx", "avx2", "fma", "f16c", "avx512f", "asimd", "sve", "sve2", "sme"}.union(*COMPUTES.values())


def _accelerator() -> str | None:
    if torch.cuda.is_available():
        major, minor = torch.cuda.get_device_capability()
        halves = [name for name, since in (("float16", 7), ("bfloat16", 8)) if major >= since]
        return f"{torch.cuda.get_device_name()}, compute capability {major}.{minor}" + (
            f" (matrix units for {' and '.join(halves)})" if halves else ""
        )
    if torch.backends.mps.is_available():
        return "Apple GPU (float16 twice as wide as float32)"
    return None
