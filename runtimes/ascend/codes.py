"""ACL's numbers: the Python module exports no constants.

Sources: CANN's public headers (``acl_base.h``, ``acl_rt.h``, ``ge_error_codes.h``).
"""

from __future__ import annotations

SUCCESS, REPEATED_INIT = 0, 100002
HOST_TO_DEVICE, DEVICE_TO_HOST = 1, 2
HUGE_FIRST = 0
RUN_MODE_DEVICE = 0
RGB888_U8 = 3
UNDEFINED = -1
TYPES = {
    0: "float32",
    1: "float16",
    2: "int8",
    3: "int32",
    4: "uint8",
    6: "int16",
    7: "uint16",
    8: "uint32",
    9: "int64",
    10: "uint64",
    11: "float64",
    12: "bool",
}
"""aclDataType to numpy dtype."""
ARITHMETIC = {"origin": "fp32", "mixed": "fp16", "fp16": "fp16"}
"""What a model was compiled with to the lowest precision that it may compute in."""

REBUILD = "Export the model again with the --soc-version of this chip (npu-smi info)."
MEMORY = "Close other programs on the NPU; host and NPU share the board's memory."
MEANINGS: dict[int, tuple[str, str]] = {
    -1: ("nothing came back", "See the logs in ~/ascend/log."),
    0: ("nothing came back", "See the logs in ~/ascend/log."),
    100000: ("invalid parameter", "Please report it with this message."),
    100001: ("ACL is not initialised", "Please report it with this message."),
    100003: ("invalid configuration file", "Check the path of acl.json."),
    100006: ("configuration file cannot be parsed", "Check acl.json."),
    100011: ("invalid model", REBUILD),
    100013: ("model cannot be parsed", REBUILD),
    100014: ("model cannot be read", "Check the file and its permissions."),
    100017: ("input does not fit the model", REBUILD),
    100018: ("output does not fit the model", REBUILD),
    100026: ("unsupported data type", REBUILD),
    100039: ("stub libraries in use", "Remove devlib from LD_LIBRARY_PATH."),
    107000: ("invalid runtime parameter", "Please report it with this message."),
    107001: ("invalid device number", "List the devices with npu-smi info."),
    107002: ("no current context in this thread", "Please report it with this message."),
    107003: ("stream of another context", "Please report it with this message."),
    107017: ("invalid handle", "Please report it with this message."),
    107020: ("timeout", "The device is busy or hangs: see npu-smi info; restart the board."),
    145000: ("inputs do not fit the model", REBUILD),
    145001: ("graph engine not initialised", "Source CANN's set_env.sh."),
    145002: ("model path is invalid", "Check that the .om file exists and is readable."),
    145003: ("model id is invalid", "Please report it with this message."),
    145006: ("model file is truncated", "Copy or export the .om file again."),
    148049: ("operator packages not found", "Source CANN's set_env.sh; install its ops package."),
    200000: ("out of memory", MEMORY),
    207001: ("out of memory", MEMORY),
    207018: ("out of memory", MEMORY),
    245000: ("out of memory", MEMORY),
    500000: ("internal error", "See the text above and the logs in ~/ascend/log."),
    500002: ("graph engine error", "See the text above and the logs in ~/ascend/log."),
    500003: ("runtime error", "See the text above and the logs in ~/ascend/log."),
    500004: ("driver error", "Check npu-smi info; restart the board."),
    507008: ("model built for another chip", REBUILD),
    507011: ("model execution failed", "See the logs in ~/ascend/log."),
    507014: ("AI Core timeout", "The device is busy or hangs: restart the board."),
    507015: ("AI Core exception", "See the logs in ~/ascend/log; try --precision origin."),
    507018: ("AI CPU exception", "See the logs in ~/ascend/log."),
    507033: ("device setup failed", "Check the driver and that the user is in group HwHiAiUser."),
    507046: ("timeout", "The device is busy or hangs: see npu-smi info; restart the board."),
    507899: ("driver error", "Restart the board."),
    545000: ("graph engine error", REBUILD),
    545001: ("model cannot be loaded", REBUILD),
}
"""Code to its meaning and the remedy."""

MODEL_CODES = frozenset({100011, 100013, 100014, 145002, 145006, 507008, 545001})
"""Codes that speak of the model file."""

CLASSES = {"1": "caller or environment", "2": "resources", "3": "business", "5": "internal"}


def meaning(code: int) -> tuple[str, str]:
    """What a code says, and what to do."""
    kind = CLASSES.get(str(code)[0], "unknown class")
    return MEANINGS.get(code, (f"{kind} error", "See the logs in ~/ascend/log."))
