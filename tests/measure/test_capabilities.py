"""What processors are said to compute with: real descriptions of several machines, and this one."""

import sys

import pytest
import torch

from mlcourse.measure import capabilities
from mlcourse.measure.cpu_flags import _from_sysctl, _spelt, instruction_sets
from mlcourse.measure.processor import predict

HASWELL = "sse4_1 sse4_2 avx avx2 fma f16c"
ICE_LAKE = f"{HASWELL} avx512f avx512bw avx512vl avx512dq avx512_vnni"
ZEN_4 = f"{ICE_LAKE} avx512_bf16"
SAPPHIRE_RAPIDS = f"{ZEN_4} avx512_fp16 amx_bf16 amx_tile amx_int8"
GRAVITON_2 = "fp asimd evtstrm aes crc32 atomics fphp asimdhp cpuid asimdrdm asimddp"
GRAVITON_3 = f"{GRAVITON_2} sve i8mm bf16 svebf16"
RASPBERRY_PI_4 = "fp asimd evtstrm crc32 cpuid"


@pytest.mark.parametrize(
    ("flags", "bfloat16", "float16", "int8"),
    [
        (HASWELL, None, None, "avx2"),
        (ICE_LAKE, None, None, "avx512_vnni"),
        (ZEN_4, "avx512_bf16", None, "avx512_vnni"),
        (SAPPHIRE_RAPIDS, "amx_bf16", "avx512_fp16", "amx_int8"),
        (RASPBERRY_PI_4, None, None, "asimd"),
        (GRAVITON_2, None, "asimdhp", "asimddp"),
        (GRAVITON_3, "bf16", "asimdhp", "i8mm"),
        ("", None, None, None),
    ],
)
def test_predictions_from_instructions(flags, bfloat16, float16, int8):
    for dtype, expected in (("bfloat16", bfloat16), ("float16", float16), ("int8", int8)):
        found = predict(dtype, set(flags.split()), library=True)
        assert found.instruction == expected
        assert found.faster == (expected is not None)
        assert expected is None or expected in found.why
        unused = predict(dtype, set(flags.split()), library=False)
        assert not unused.faster


def test_a_conversion_is_no_arithmetic():
    assert "converted to float32" in predict("float16", {"avx2", "f16c"}, library=True).why


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/cpuinfo, as Linux alone has it")
@pytest.mark.parametrize(
    ("text", "name", "flags"),
    [
        (f"processor : 0\nmodel name\t: AMD EPYC 9R14\nflags\t\t: {ZEN_4}\n\nprocessor : 1\nflags : x\n", "AMD", ZEN_4),
        (f"processor\t: 0\nFeatures\t: {GRAVITON_3}\nCPU implementer : 0x41\n", "", GRAVITON_3),
        (f"processor : 0\nFeatures : {RASPBERRY_PI_4}\n\nModel : Raspberry Pi 4\n", "Raspberry Pi 4", RASPBERRY_PI_4),
    ],
)
def test_linux_tells_in_a_file(tmp_path, text, name, flags):
    (tmp_path / "cpuinfo").write_text(text)
    found, instructions = instruction_sets(tmp_path / "cpuinfo")
    assert name in found
    assert set(instructions) == set(flags.split())


def test_without_the_file_torch_and_numpy_are_asked(tmp_path):
    found, instructions = instruction_sets(tmp_path / "none")
    assert found
    if torch.backends.cpu.get_cpu_capability().startswith("AVX"):
        assert {"avx2", "fma"} <= set(instructions)


def test_what_macos_tells():
    text = "machdep.cpu.brand_string: Apple M2\nhw.optional.arm.FEAT_BF16: 1\nhw.optional.arm.FEAT_FP16: 1\n"
    text += "hw.optional.arm.FEAT_I8MM: 1\nhw.optional.arm.FEAT_SME: 0\nhw.optional.AdvSIMD: 1\n"
    name, flags = _from_sysctl(text)
    assert name == "Apple M2"
    assert {_spelt(flag) for flag in flags} == {"bf16", "asimdhp", "i8mm", "asimd"}
    name, flags = _from_sysctl("machdep.cpu.features: FPU SSE4.2 AVX1.0\nmachdep.cpu.leaf7_features: AVX2 AVX512F\n")
    assert {_spelt(flag) for flag in flags} >= {"sse4_2", "avx2", "avx512f"}


def test_this_machine():
    machine = capabilities()
    assert machine.threads == torch.get_num_threads()
    assert machine.torch_level == torch.backends.cpu.get_cpu_capability()
    assert list(machine.instructions) == sorted(set(machine.instructions))
    text = str(machine)
    for dtype in ("bfloat16", "float16", "int8"):
        assert machine.pays(dtype) == machine.formats[dtype].faster
        assert f"{dtype}:" in text
    assert machine.pays(torch.bfloat16) == machine.pays("bfloat16")
    assert machine.processor in text


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="bfloat16, float16, int8"):
        capabilities().pays("float8")


def test_rich_prints_it_as_it_is():
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=300)
    console.print(capabilities())
    assert "bfloat16:" in console.file.getvalue()
    assert "Capabilities(" not in console.file.getvalue()
