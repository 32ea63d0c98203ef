"""The shop's API with faults in it."""

import os

from shop.web import app

from stage.faults import spoil_web

spoil_web(os.environ["STAGE_FAULTS"].split())
application = app
