"""``import acl`` gives a fake board: put this folder on PYTHONPATH to try a runtime without CANN.

``FAKE_ACL_RUN_MODE`` is 0 for a board (the default) and 1 for a card.
"""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2]))

from fake_acl import FakeBoard

sys.modules[__name__] = FakeBoard(run_mode=int(os.environ.get("FAKE_ACL_RUN_MODE", "0"))).acl
