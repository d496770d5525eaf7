"""WEB: pages that people look at and machines ask; it reads the store and never writes.

`create_app` is the door. One file per page, one template per page, no script, no request to anybody else.
"""

from monitor.web.settings import PageSettings
from monitor.web.site import create_app

__all__ = ["PageSettings", "create_app"]
