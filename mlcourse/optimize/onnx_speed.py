"""Networks in ONNX Runtime beside those in torch, on one thread, taking turns."""

import io
import random
import time
import warnings
from statistics import median

import torch

_SHORTEST = 0.005  # seconds; what is shorter is called several times in a row, and the clock read once


def onnx_session(net, example: torch.Tensor):
    """Load a network into ONNX Runtime, on the CPU and one thread.

    Parameters
    ----------
    net : torch.nn.Module
        Exported as it answers in eval mode; not changed.
    example : tensor
        An input with its batch.

    Returns
    -------
    callable
        Without arguments: the answer to `example`, an array.
    """
    import onnxruntime

    from mlcourse.models.training import in_eval_mode

    file = io.BytesIO()
    with warnings.catch_warnings(), in_eval_mode(net):
        # The older exporter takes a tenth of the time, and says that there is a newer one.
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (example,), file, dynamo=False, input_names=["x"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    given = {"x": example.numpy()}
    return lambda: session.run(None, given)[0]


def ratios(calls: dict, repeats: int) -> dict[str, float]:
    """Time functions on one thread, and return how many times faster than the first one each is.

    All take turns in a new order each round, a ratio is taken within a round, and the median of all is returned. Times
    are of the processor: waiting for other programs does not count.

    Parameters
    ----------
    calls : dict of str to callable
    repeats : int
        Rounds.

    Returns
    -------
    dict of str to float
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def run(call, times):
        begin = time.process_time()
        for _ in range(times):
            call()
        return (time.process_time() - begin) / times

    try:
        with torch.no_grad():
            for call in calls.values():
                run(call, 3)
            times = {name: 1 + int(_SHORTEST / max(run(call, 5), 1e-6)) for name, call in calls.items()}
            rounds = []
            order = random.Random(0)
            for _ in range(repeats):
                rounds.append({name: run(calls[name], times[name]) for name in order.sample(list(calls), len(calls))})
    finally:
        torch.set_num_threads(threads)
    first = next(iter(calls))
    return {name: median(seconds[first] / seconds[name] for seconds in rounds) for name in calls}
