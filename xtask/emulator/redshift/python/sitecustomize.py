"""Resolves the host names of Redshift Serverless to the loopback interface, where the emulator listens.

Python imports this module when it starts if its folder is in PYTHONPATH. The adapter derives the workgroup from its
host name, so the name must stay as it is on AWS; in a container, an entry in the hosts file does the same.
"""

import socket

_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host, *arguments, **options):
    if isinstance(host, str) and host.endswith(".redshift-serverless.amazonaws.com"):
        host = "127.0.0.1"
    return _getaddrinfo(host, *arguments, **options)


socket.getaddrinfo = getaddrinfo
