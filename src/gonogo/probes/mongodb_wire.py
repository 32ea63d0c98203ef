"""The one message of MongoDB's wire protocol that is asked without a driver: who are you?"""

import bson

_OP_MSG = 2013


def hello_message() -> bytes:
    """``hello`` as OP_MSG, the protocol's only message since MongoDB 5.1."""
    message = bytes(4) + b"\0" + bson.encode({"hello": 1, "$db": "admin"})
    header = (16 + len(message), 1, 0, _OP_MSG)
    return b"".join(part.to_bytes(4, "little") for part in header) + message


def is_hello_reply(reply: bytes) -> bool:
    """Whether that is how a MongoDB server answers."""
    return b"maxWireVersion" in reply
