#!/usr/bin/env python
"""Django's command line for SIGNX."""

import os
import sys

from signx.management import trial

if __name__ == "__main__":
    trial.fill_environment(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "signx.settings")
    if trouble := trial.trouble(sys.argv):
        sys.exit(trouble)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
