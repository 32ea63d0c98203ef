"""``python -m shop up`` starts the shop with throw-away servers of its own, until Ctrl-C."""

import sys

from stage.command import main

sys.exit(main(sys.argv[1:]))
