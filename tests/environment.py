"""Environment of a test run; loaded by pytest before Django's settings (`-p`)."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SIGNX_SECRET_KEY", "tests-only-secret-key-0123456789-abcdefghijklmnop")
os.environ.setdefault("SIGNX_ENCRYPTION_KEYS", "dGVzdHMtb25seS1rZXktMDEyMzQ1Njc4OWFiY2RlZjA=")
os.environ.setdefault("SIGNX_PUBLIC_URL", "http://signx.test")
os.environ.setdefault("SIGNX_ALLOWED_HOSTS", "signx.test,testserver,127.0.0.1,localhost")
os.environ.setdefault("BITRIX24_CLIENT_ID", "local.6501a1b2c3d4e5.12345678")
os.environ.setdefault("BITRIX24_CLIENT_SECRET", "tests-only-client-secret")
os.environ.setdefault("BITRIX24_AUTH_SERVERS", "http://oauth.portal.test")
os.environ.setdefault(
    "SELF_HOSTED_PORTALS",
    "vostok.portal.test@127.0.0.1,sever.portal.test@127.0.0.1,oauth.portal.test@127.0.0.1",
)
os.environ.setdefault("SIGNX_DATA_DIR", tempfile.mkdtemp(prefix="signx-tests-"))
Path(os.environ["SIGNX_DATA_DIR"], "static").mkdir(exist_ok=True)
os.environ.setdefault("SIGNX_SUPPORT_EMAIL", "support@signx.test")
os.environ.setdefault("SIGNX_MAIL_FROM", "SIGNX <noreply@signx.test>")
os.environ.setdefault("SIGNX_FREE_SIGNATURES", "5")
os.environ.setdefault("SIGNX_SQLITE_SYNCHRONOUS", "OFF")  # a test run may lose its data
