import json
import shutil
from importlib.resources import files

import pytest

from fartrack_sdk import ArtifactError, load_exported
from fartrack_sdk.artifact import METADATA_FILE, check_files, read_metadata


@pytest.fixture
def metadata():
    return read_metadata(files("fartrack_sdk.assets"))


def test_a_file_in_place_of_a_directory_is_refused(tmp_path):
    file = tmp_path / "model.onnx"
    file.touch()
    with pytest.raises(ArtifactError, match=r"expected a directory with metadata\.json"):
        read_metadata(file)


def test_graphs_and_weights_of_another_folder_are_refused(metadata, tmp_path):
    track = metadata.graphs["track"].model_copy(update={"file": "../other/track.onnx"})
    graphs = {**metadata.graphs, "track": track}
    for update in ({"graphs": graphs}, {"weights": "/elsewhere/w.safetensors"}):
        with pytest.raises(ArtifactError, match="plain file names"):
            check_files(tmp_path, metadata.model_copy(update=update))


@pytest.fixture
def bundled(tmp_path):
    """(change of the metadata's JSON) -> copy of the bundled artifact with that change."""
    folder = tmp_path / "bundled"

    def make(change):
        shutil.copytree(str(files("fartrack_sdk.assets")), folder)
        facts = json.loads((folder / METADATA_FILE).read_text())
        change(facts)
        (folder / METADATA_FILE).write_text(json.dumps(facts))
        return folder

    return make


@pytest.mark.parametrize("absent", ["first.onnx", "track.onnx", "default.safetensors"])
def test_a_file_without_a_checksum_is_refused(absent, bundled):
    with pytest.raises(ArtifactError, match=rf"metadata\.json: field 'files'.*none of {absent}"):
        load_exported(bundled(lambda facts: facts["files"].pop(absent)))


def test_two_graphs_in_one_file_are_refused(bundled):
    folder = bundled(lambda facts: facts["graphs"]["track"].update(file="first.onnx"))
    with pytest.raises(ArtifactError, match=r"file of its own.*'first\.onnx' more than once"):
        load_exported(folder)


@pytest.mark.parametrize("field", ["search_factor", "family", "retention"])
def test_a_configuration_that_lacks_a_field_is_refused(field, bundled):
    folder = bundled(lambda facts: facts["config"].pop(field))
    with pytest.raises(ArtifactError, match=rf"metadata\.json: field 'config'.*none of {field}"):
        load_exported(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": {"depth": 99}}, "field 'config'.*depth = 99"),
        ({"config": {"kind": 1}}, "field 'config'.*got 'kind'"),
        ({"thresholds": {"lost_below": 3}}, "field 'thresholds.*lost_below"),
    ],
)
def test_values_out_of_range_are_faults_of_the_file(change, message, bundled):
    def damage(facts):
        for name, values in change.items():
            facts[name] = {**facts[name], **values}

    with pytest.raises(ArtifactError, match=rf"metadata\.json: .*{message}"):
        load_exported(bundled(damage))


def test_json_nested_beyond_reason_is_damage(tmp_path):
    (tmp_path / METADATA_FILE).write_text("[" * 100_000)
    with pytest.raises(ArtifactError, match=r"metadata\.json: expected JSON"):
        read_metadata(tmp_path)
