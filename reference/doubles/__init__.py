"""Doubles of what lies outside of the service: the real SDKs talk to them over real sockets."""
