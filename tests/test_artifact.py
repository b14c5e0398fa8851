from importlib.resources import files

import pytest

from fartrack_sdk import ArtifactError
from fartrack_sdk.artifact import check_files, read_metadata


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
