"""gunicorn's profile of a web node: `gunicorn -c deploy/gunicorn.conf.py`. granian is what is measured and documented
first; this is for those who run gunicorn already.

Three workers of four threads behind one address. The master imports the program once and forks; threads and connections
do not survive that, so each worker starts a node of its own when it is born, and its pages are there before its first
request. A worker ends after about a thousand requests, or when it has grown too large, and another one takes its place.
"""

import os
import signal
import threading
from pathlib import Path

from pressroom.settings import load

_settings = load()
_GROWN_LOOK_S = 5.0

wsgi_app = "services.web:app"
bind = f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
workers = 3
threads = 4
preload_app = True
max_requests = 1000
max_requests_jitter = 100
graceful_timeout = 10
# Longer than an edge keeps its connections (nginx: 60 s), so that none is closed under a request.
keepalive = 75
# Heartbeats of workers must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - not a temporary file of ours


def post_worker_init(worker):
    worker.wsgi.start()
    threading.Thread(target=_leave_when_grown, args=(worker.log,), name="memory", daemon=True).start()


def _leave_when_grown(log):
    """The limit of a worker's memory: SIGTERM ends it in order, and the master starts another one."""
    ended = threading.Event()
    while (resident := _resident_bytes()) <= _settings.web_worker_bytes_max:
        ended.wait(_GROWN_LOOK_S)
    log.warning("worker has %d MB, more than PRESSROOM_WEB_WORKER_BYTES_MAX: replaced", resident // 1_000_000)
    os.kill(os.getpid(), signal.SIGTERM)


def _resident_bytes():
    statm = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")
