"""Doubles of the systems that the service depends on and others run: the real SDKs talk to them over real sockets."""
