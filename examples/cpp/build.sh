#!/bin/sh
# Build track.cpp against the headers and libraries inside the openvino wheel:
#   sh build.sh OUTPUT        (PYTHON=/path/to/python chooses the environment)
set -e
here=$(dirname "$0")
wheel=$("${PYTHON:-python3}" -c 'import openvino, os; print(os.path.dirname(openvino.__file__))')
library=$(ls "$wheel"/libs/libopenvino.so*)
"${CXX:-g++}" -std=c++17 -O2 "$here/track.cpp" -o "$1" \
    -I "$wheel/include" "$library" -Wl,-rpath,"$wheel/libs" -Wl,-rpath-link,"$wheel/libs"
