"""nginx of Debian: TLS before the shop and before S3, and a way from http to https."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from stage.place import HOST, Place
from stage.processes import listens, running

_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


@contextmanager
def front(place: Place) -> Iterator[None]:
    """Start it, and end it."""
    folder = place.folder / "nginx"
    folder.mkdir()
    shop, s3, *_ = place.inner
    temporary = "".join(f"{kind}_temp_path {folder}/{kind}; " for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    headers = "".join(f'add_header {name} "{value}" always; ' for name, value in _HEADERS.items())
    # moto fails where a request without a signature meets its keys; a real S3 refuses it, and so does this front.
    unsigned = "" if "bucket-without-keys" in place.faults else 'if ($http_authorization = "") { return 403; }'
    (folder / "nginx.conf").write_text(
        f"{'user root; ' if os.geteuid() == 0 else ''}daemon off; pid {folder}/pid; worker_processes 1;\n"
        f"error_log {place.folder}/nginx.log; events {{ worker_connections 512; }}\n"
        f"http {{ access_log off; server_tokens off; client_body_temp_path {folder}/body; {temporary}\n"
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_prefer_server_ciphers off; client_max_body_size 1m;\n"
        "ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305;\n"
        "proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $http_host;\n"
        f"upstream shop {{ server 127.0.0.1:{shop}; keepalive 16; }}\n"
        f"server {{ listen 127.0.0.1:{place.http}; server_name {HOST};\n"
        f"return 301 https://{HOST}:{place.https}$request_uri; }}\n"
        f"server {{ listen 127.0.0.1:{place.https} ssl http2; server_name {HOST}; {headers}\n"
        f"ssl_certificate {place.folder}/outer.pem; ssl_certificate_key {place.folder}/outer.key;\n"
        "location / { proxy_pass http://shop; } }\n"
        f"server {{ listen 127.0.0.1:{place.bucket} ssl; server_name localhost;\n"
        f"ssl_certificate {place.folder}/inner.pem; ssl_certificate_key {place.folder}/inner.key;\n"
        f"{unsigned} location / {{ proxy_pass http://127.0.0.1:{s3}; }} }} }}\n"
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin") or "nginx"
    command = [program, "-p", str(folder), "-e", str(place.folder / "nginx.log"), "-c", str(folder / "nginx.conf")]
    with running(command, place.folder / "nginx.log", lambda: listens(place.https) and listens(place.bucket)):
        yield
