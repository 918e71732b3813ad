"""A stand-in Bitrix24 portal: the other side of the wire, for demonstrations and tests.

It speaks HTTP and SMTP only, keeps everything in memory and is strict where the real portal is.
"""
