"""The one message of MongoDB's wire protocol that is asked without a driver: who are you?"""

import bson

_OP_MSG = (2013).to_bytes(4, "little")
_REQUEST_ID = (1).to_bytes(4, "little")
REPLY_HEADER_BYTES = 16


def hello_message() -> bytes:
    """``hello`` as OP_MSG, the protocol's only message since MongoDB 5.1."""
    message = bytes(4) + b"\0" + bson.encode({"hello": 1, "$db": "admin"})
    length = (REPLY_HEADER_BYTES + len(message)).to_bytes(4, "little")
    return length + _REQUEST_ID + bytes(4) + _OP_MSG + message


def is_hello_reply(reply: bytes) -> bool:
    """Whether that answers our message in MongoDB's protocol, be it with an error."""
    return reply[8:REPLY_HEADER_BYTES] == _REQUEST_ID + _OP_MSG
