"""A network in a running onnxruntime, on threads that leave the others' cores alone."""

from collections.abc import Sequence
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as faults

from heliograph.camera.config.errors import SettingError
from heliograph.camera.networks.file import Shape

PROCESSOR = "CPUExecutionProvider"
REFUSALS = (
    faults.EPFail,
    faults.EngineError,
    faults.Fail,
    faults.InvalidArgument,
    faults.InvalidGraph,
    faults.InvalidProtobuf,
    faults.ModelLoaded,
    faults.NoModel,
    faults.NoSuchFile,
    faults.NotImplemented,
    faults.RuntimeException,
    RuntimeError,
    ValueError,
)
"""What onnxruntime raises for a model that it cannot take or run; they have no class
of their own above them."""


def start_session(
    data: bytes,
    where: Path | str,
    *,
    providers: Sequence[str] = (PROCESSOR,),
    threads: int = 1,
) -> onnxruntime.InferenceSession:
    """Return the model in *data*, ready to run. *where* it is from is for messages.

    Raises `SettingError` where it is none, or damaged.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # An arena keeps the most that was ever needed; what a window needs is small.
    options.enable_cpu_mem_arena = False
    # Threads that wait must not turn in circles: the core has other things to do.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # what is wrong is raised, and said once
    try:
        return onnxruntime.InferenceSession(data, options, providers=list(providers))
    except REFUSALS as error:
        raise SettingError(
            f"{where} cannot be used: it is damaged, or no ONNX model "
            f"({said_by(error)})"
        ) from error


def shapes_of(
    session: onnxruntime.InferenceSession,
) -> tuple[list[Shape], list[Shape]]:
    """Return what goes into *session*'s model and what comes out, as its file says."""
    inputs, outputs = (
        [Shape(one.name, one.type, tuple(one.shape)) for one in told]
        for told in (session.get_inputs(), session.get_outputs())
    )
    return inputs, outputs


def said_by(error: BaseException) -> str:
    """Return what onnxruntime says, in one line of a bounded length."""
    return " ".join(str(error).split())[:200]
