"""``import acl`` gives a fake board: put this folder on PYTHONPATH to try a runtime without CANN.

``FAKE_ACL_RUN_MODE`` is 0 for a board (the default) and 1 for a card, ``FAKE_ACL_SOC`` the
chip, Ascend310B4 by default.
"""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from fake_acl import FakeBoard

mode, soc = os.environ.get("FAKE_ACL_RUN_MODE", "0"), os.environ.get("FAKE_ACL_SOC", "Ascend310B4")
sys.modules[__name__] = FakeBoard(soc, int(mode)).acl
