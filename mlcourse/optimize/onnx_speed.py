"""Networks in ONNX Runtime, to be timed beside those in torch."""

import io
import warnings

import torch

from mlcourse.models.training import in_eval_mode


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
        Takes a tensor of the example's shape, and returns the answer as an array: what `mlcourse.measure.latency`
        takes for a network.
    """
    import onnxruntime

    file = io.BytesIO()
    with warnings.catch_warnings(), in_eval_mode(net):
        # The older exporter takes a tenth of the time, and says that there is a newer one.
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (example,), file, dynamo=False, input_names=["x"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x.numpy()})[0]
