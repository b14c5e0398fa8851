"""The fake itself: each rule of a strict board, broken on purpose."""

import ctypes
import os
import threading
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from fake_acl import FakeAclViolation, FakeBoard
from fake_acl.om import Om, Tensor
from onnx import helper

H2D, D2H = 1, 2
NO_CONTEXT = 107002


@pytest.fixture(params=[0, 1], ids=["board", "card"])
def ready(request):
    """A board with a context and a stream."""
    board = FakeBoard(run_mode=request.param)
    acl = board.acl
    assert acl.init() == 0
    assert acl.rt.set_device(0) == 0
    board.context, _ = acl.rt.create_context(0)
    board.stream, _ = acl.rt.create_stream()
    return board


@pytest.fixture(scope="module")
def difference(tmp_path_factory):
    """An ``.om`` of a - b, two inputs of equal size."""
    info = helper.make_tensor_value_info
    borders = [info(n, onnx.TensorProto.FLOAT, [64]) for n in "abc"]
    node = helper.make_node("Sub", ["a", "b"], ["c"], name="minus")
    graph = helper.make_graph([node], "g", borders[:2], borders[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    path = tmp_path_factory.mktemp("om") / "difference.om"
    inputs = [Tensor(n, [64], "float32") for n in "ab"]
    outputs = [Tensor("c", [64], "float32", "minus")]
    Om("Ascend310B4", inputs, outputs, {}, "origin", model.SerializeToString()).write(path)
    return path


class Bound:
    """A loaded model with buffers."""

    def __init__(self, board, path):
        acl = self.acl = board.acl
        self.model, code = acl.mdl.load_from_file(str(path))
        assert code == 0
        self.pointers, self.datasets = [], []
        for count in (2, 1):
            dataset = acl.mdl.create_dataset()
            for _ in range(count):
                pointer, _ = acl.rt.malloc(256, 0)
                acl.mdl.add_dataset_buffer(dataset, acl.create_data_buffer(pointer, 256))
                self.pointers.append(pointer)
            self.datasets.append(dataset)

    def put(self, index, values):
        host = np.float32(values)
        args = (self.pointers[index], 256, host.ctypes.data, 256, H2D)
        assert self.acl.rt.memcpy(*args) == 0

    def get(self):
        out = np.empty(64, np.float32)
        assert self.acl.rt.memcpy(out.ctypes.data, 256, self.pointers[2], 256, D2H) == 0
        return out

    def enqueue(self, stream):
        return self.acl.mdl.execute_async(self.model, *self.datasets, stream)


def test_arguments_are_positional_and_of_exact_type(ready):
    rt = ready.acl.rt
    for broken in (np.int64(64), 64.0, "64", None):
        with pytest.raises(TypeError, match=r"acl\.rt\.malloc args parse failed"):
            rt.malloc(broken, 0)
    with pytest.raises(TypeError):
        rt.malloc(size=64, policy=0)
    for broken in (Path("x.om"), b"x.om", None, "a\0b"):
        with pytest.raises(TypeError):
            ready.acl.mdl.load_from_file(broken)
    assert rt.get_device_count(1, 2, 3) == (1, 0)


def test_there_are_no_constants(ready):
    for holder, name in ((ready.acl, "ACL_SUCCESS"), (ready.acl.rt, "ACL_MEMCPY_HOST_TO_DEVICE")):
        with pytest.raises(AttributeError):
            getattr(holder, name)


def test_nothing_works_before_init_or_after_finalize():
    board = FakeBoard()
    with pytest.raises(FakeAclViolation, match="before"):
        board.acl.rt.set_device(0)
    assert board.acl.init() == 0
    assert board.acl.init() == 100002
    assert board.acl.finalize() == 0
    assert board.acl.finalize() == 100037
    assert board.acl.init() == 0
    assert len(board.violations) == 1


def test_finalize_reports_leaks(ready):
    with pytest.raises(FakeAclViolation, match=r"still alive: stream .*context"):
        ready.acl.finalize()


def test_contexts_belong_to_threads(ready):
    found = []
    rt = ready.acl.rt

    def work():
        found.append(rt.malloc(64, 0))
        found.append(rt.set_context(ready.context))
        found.append(rt.free(rt.malloc(64, 0)[0]))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(0, NO_CONTEXT), 0, 0]


def test_a_stream_of_another_context_is_refused(ready):
    other, _ = ready.acl.rt.create_context(0)
    assert ready.acl.rt.synchronize_stream(ready.stream) == 107003
    assert ready.acl.rt.destroy_context(other) == 0


@pytest.mark.parametrize("destroyer", ["destroy_stream", "destroy_context"])
def test_handles_are_of_a_kind_and_die_once(ready, destroyer):
    rt = ready.acl.rt
    assert getattr(rt, destroyer)(0) == 100000
    with pytest.raises(FakeAclViolation, match="is no"):
        rt.destroy_stream(ready.context)
    assert rt.destroy_stream(ready.stream) == 0
    with pytest.raises(FakeAclViolation, match="destroyed before"):
        rt.destroy_stream(ready.stream)


def test_resetting_a_device_in_use_is_a_violation(ready):
    with pytest.raises(FakeAclViolation, match="still live"):
        ready.acl.rt.reset_device(0)


def test_memory_is_aligned_poisoned_and_freed_once(ready):
    rt = ready.acl.rt
    assert rt.malloc(0, 0) == (0, 100000)
    pointer, _ = rt.malloc(100, 0)
    assert pointer % 64 == 0
    out = np.zeros(100, np.uint8)
    assert rt.memcpy(out.ctypes.data, 100, pointer, 100, D2H) == 0
    assert (out == 0xCD).all()
    with pytest.raises(FakeAclViolation, match="it is device memory"):
        rt.free_host(pointer)
    assert rt.free(pointer) == 0
    with pytest.raises(FakeAclViolation, match="no live block"):
        rt.free(pointer)
    with pytest.raises(FakeAclViolation, match="freed before"):
        rt.memcpy(out.ctypes.data, 100, pointer, 100, D2H)


def test_copies_are_checked(ready):
    rt = ready.acl.rt
    pointer, _ = rt.malloc(64, 0)
    host = np.zeros(200, np.uint8)
    at = host.ctypes.data
    assert rt.memcpy(pointer, 64, at, 0, H2D) == 0
    assert rt.memcpy(pointer, 64, at, 65, H2D) == 107000
    assert rt.memcpy(0, 64, at, 64, H2D) == 100000
    assert rt.memcpy(pointer, 64, at, 64, 9) == 100000
    with pytest.raises(FakeAclViolation, match="dst_max 200"):
        rt.memcpy(pointer, 200, at, 200, H2D)
    if ready.run_mode == 1:
        with pytest.raises(FakeAclViolation, match="is device, not host"):
            rt.memcpy(pointer, 64, pointer, 64, H2D)
        with pytest.raises(FakeAclViolation, match="not readable"):
            ready.acl.util.ptr_to_bytes(pointer, 64)
    else:
        assert rt.memcpy(pointer, 64, pointer, 64, H2D) == 0
        assert len(ready.acl.util.ptr_to_bytes(pointer, 64)) == 64


def test_writing_behind_a_block_is_seen_when_it_is_freed():
    board = FakeBoard(run_mode=0)
    board.acl.init()
    board.acl.rt.set_device(0)
    pointer, _ = board.acl.rt.malloc(64, 0)
    ctypes.memset(pointer + 64, 0, 1)
    with pytest.raises(FakeAclViolation, match="written behind its end"):
        board.acl.rt.free(pointer)


def test_bytes_must_outlive_the_copy(ready):
    acl = ready.acl
    pointer, _ = acl.rt.malloc(64, 0)
    kept = os.urandom(64)
    assert acl.rt.memcpy(pointer, 64, acl.util.bytes_to_ptr(kept), 64, H2D) == 0
    lost = acl.util.bytes_to_ptr(os.urandom(64))
    with pytest.raises(FakeAclViolation, match="dropped before"):
        acl.rt.memcpy(pointer, 64, lost, 64, H2D)
    for other in (bytearray(4), np.zeros(4)):
        with pytest.raises(ValueError, match="needs bytes"):
            acl.util.bytes_to_ptr(other)


def test_deprecated_converters_are_recorded(ready):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ready.acl.util.numpy_to_ptr(np.zeros(4))
    assert caught[0].category is DeprecationWarning
    assert ready.violations == ["acl.util.numpy_to_ptr: deprecated call"]


def test_asynchronous_copies_need_alignment_and_a_synchronise(ready):
    rt = ready.acl.rt
    pointer, _ = rt.malloc(128, 0)
    source, _ = rt.malloc_host(128)
    assert rt.memcpy_async(pointer + 1, 64, source, 64, H2D, ready.stream) == 107008
    assert rt.memset(source, 128, 7, 128) == 0
    out = np.zeros(128, np.uint8)
    assert rt.memcpy_async(pointer, 128, source, 128, H2D, ready.stream) == 0
    rt.memcpy(out.ctypes.data, 128, pointer, 128, D2H)
    assert (out == 0xCD).all()
    assert rt.synchronize_stream(ready.stream) == 0
    rt.memcpy(out.ctypes.data, 128, pointer, 128, D2H)
    assert (out == 7).all()


def test_files_are_checked(ready, difference, tmp_path):
    load = ready.acl.mdl.load_from_file
    assert load(str(tmp_path / "none.om")) == (0, 145002)
    (tmp_path / "bad.om").write_bytes(b"something else")
    assert load(str(tmp_path / "bad.om")) == (0, 145006)
    ready.soc = "Ascend310B1"
    assert load(str(difference)) == (0, 507008)


def test_descriptions_are_empty_until_filled(ready, difference):
    mdl = ready.acl.mdl
    model, _ = mdl.load_from_file(str(difference))
    desc = mdl.create_desc()
    assert mdl.get_input_size_by_index(desc, 0) == 0
    assert mdl.get_input_dims(desc, 0) == ({}, 100000)
    assert mdl.get_input_data_type(desc, 0) == -1
    assert mdl.get_input_name_by_index(desc, 0) == ""
    with pytest.raises(FakeAclViolation, match="is no description"):
        mdl.get_desc(model, desc)
    assert mdl.get_desc(desc, 5) == 145003
    assert mdl.get_desc(desc, model) == 0
    assert mdl.get_output_name_by_index(desc, 0) == "minus:0:c"
    assert mdl.get_input_dims(desc, 1) == ({"name": "b", "dimCount": 1, "dims": [64]}, 0)
    assert mdl.get_first_aipp_info(model, 0)[1] != 0


def test_inputs_count_by_order_and_outputs_appear_at_the_synchronise(ready, difference):
    bound = Bound(ready, difference)
    bound.put(0, np.arange(64))
    bound.put(1, np.ones(64))
    for _ in range(2):
        assert bound.enqueue(ready.stream) == 0
        assert (bound.get().view(np.uint32) == 0xCDCDCDCD).all()
        assert ready.acl.rt.synchronize_stream(ready.stream) == 0
        np.testing.assert_array_equal(bound.get(), np.arange(64) - 1.0)


def test_one_execution_at_a_time(ready, difference):
    bound = Bound(ready, difference)
    assert bound.enqueue(ready.stream) == 0
    with pytest.raises(FakeAclViolation, match="unfinished execution"):
        bound.enqueue(ready.stream)
    with pytest.raises(FakeAclViolation, match="pending"):
        ready.acl.mdl.unload(bound.model)


def test_inputs_must_not_change_before_the_synchronise(ready, difference):
    bound = Bound(ready, difference)
    assert bound.enqueue(ready.stream) == 0
    bound.put(0, np.ones(64))
    with pytest.raises(FakeAclViolation, match="an input changed"):
        ready.acl.rt.synchronize_stream(ready.stream)


def test_a_model_stays_in_its_context(ready, difference):
    bound = Bound(ready, difference)
    ready.acl.rt.create_context(0)
    with pytest.raises(FakeAclViolation, match="another context"):
        ready.acl.mdl.execute(bound.model, *bound.datasets)


def test_buffers_must_fit(ready, difference):
    bound = Bound(ready, difference)
    acl = ready.acl
    assert acl.mdl.execute(bound.model, bound.datasets[1], bound.datasets[1]) == 145000
    handle = acl.create_data_buffer(bound.pointers[2], 128)
    short = acl.mdl.create_dataset()
    acl.mdl.add_dataset_buffer(short, handle)
    assert acl.mdl.execute(bound.model, bound.datasets[0], short) == 145000
    assert acl.update_data_buffer(handle, bound.pointers[2], 255) == 0
    assert acl.mdl.execute(bound.model, bound.datasets[0], short) == 0
    assert any("255 B for 256 B" in text for text in ready.violations)
    acl.rt.free(bound.pointers[0])
    with pytest.raises(FakeAclViolation, match="freed before"):
        acl.mdl.execute(bound.model, *bound.datasets)


def test_messages_are_per_thread_and_cleared_by_reading(ready):
    acl = ready.acl
    ready.faults.at("acl.rt.malloc")
    assert acl.rt.malloc(64, 0) == (0, 207001)
    heard = []
    thread = threading.Thread(target=lambda: heard.append(acl.get_recent_err_msg()))
    thread.start()
    thread.join()
    assert heard == [None]
    assert acl.get_recent_err_msg().startswith("E0")
    assert acl.get_recent_err_msg() is None


def test_a_forked_child_may_not_call(ready):
    ready._pid += 1
    with pytest.raises(FakeAclViolation, match="forked child"):
        ready.acl.rt.get_run_mode()
