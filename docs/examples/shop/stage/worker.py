"""The shop's worker with faults in it."""

import os

from shop.worker import main

from stage.faults import spoil_worker

spoil_worker(os.environ["STAGE_FAULTS"].split())
main()
