"""Serves moto on a free loopback port, which it prints, until its standard
input ends: the emulator never outlives the tests, however they end."""

import os
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


moto = DomainDispatcherApplication(create_backend_app)
dynamodb = threading.Lock()


def application(environ, start_response):
    """DynamoDB's writes are atomic; moto's are not among threads."""
    if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
        with dynamodb:
            return moto(environ, start_response)
    return moto(environ, start_response)


threading.Thread(target=end_with_parent, daemon=True).start()
server = make_server("127.0.0.1", 0, application, threaded=True)
# Where its Step Functions sends messages to its SQS, as localhost.
os.environ["MOTO_PORT"] = str(server.port)
print(server.port, flush=True)
server.serve_forever()
